"""One stack over source and target, with the source's keys and values kept between steps."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from harness.components.positions import Places
from harness.contracts import PAD, Cache, Memory, Vocabularies
from harness.model import (
    Embedding,
    EncoderLayer,
    KeyValueCache,
    Past,
    Projection,
    SequenceModel,
    View,
    built_positions,
    every_site,
    final_norm,
)
from harness.streams import Noise
from harness_models.decoder_only import DecoderOnly


class PrefixDecoder(SequenceModel):
    """The source's token vectors are the memory; each pass runs them and the target together.

    A single embedding goes by the name `target_embedding.weight`.
    """

    def __init__(self, options: DecoderOnly, *, vocabularies: Vocabularies) -> None:
        super().__init__()
        d_model = options.d_model
        self.sites = every_site(
            encoder_layers=0, decoder_layers=options.layers, cross_attention=False
        )
        self.target_embedding = Embedding(vocabularies.target, d_model)
        once = options.embeds_once(vocabularies)
        self.source_embedding = (
            self.target_embedding if once else Embedding(vocabularies.source, d_model)
        )
        self.decoder_positions = built_positions(options)
        self._window, self._sees_ahead = options.window, options.prefix
        self.decoder = nn.ModuleList(
            EncoderLayer(options, place=f"decoder.{number}", sites=self.sites)
            for number in range(options.layers)
        )
        self.decoder_norm = final_norm(options)
        self.projection = Projection(d_model, vocabularies.target, bias=options.bias)
        if options.tie == "target":
            self.projection.weight = self.target_embedding.weight

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """The source's token vectors, a prefix for `decode`; padding is told by number."""
        real = source != PAD
        # Often nothing is padded, and torch is faster without a mask.
        return Memory(self.source_embedding(source), None if real.all() else real)

    def embed(
        self, tokens: Int[Tensor, "sentences target"]
    ) -> Float[Tensor, "sentences target d_model"]:
        embedded: Tensor = self.target_embedding(tokens)
        return embedded

    def decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """Run prefix and target through the stack; `visible` is of target places."""
        cache = self.start(memory)
        return self._decode(embedded, cache=cache, visible=visible, noise=noise)

    def project(self, hidden: Float[Tensor, "*places d_model"]) -> Float[Tensor, "*places classes"]:
        logits: Tensor = self.projection(hidden)
        return logits

    def start(self, memory: Memory) -> KeyValueCache:
        """A cache over a prefix, whose keys and values the first step computes, with its noise."""
        return KeyValueCache(memory=memory, layers=tuple(Past() for _ in self.decoder))

    def step(
        self, tokens: Int[Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[Tensor, "sentences d_model"]:
        assert isinstance(cache, KeyValueCache), "a cache comes from `start`"
        return self._decode(self.embed(tokens[:, None]), cache=cache, visible=None, noise=noise)[
            :, 0
        ]

    def _decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        *,
        cache: KeyValueCache,
        visible: Bool[Tensor, "#sentences target target"] | None,
        noise: Noise | None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The hidden states of the next target places, after the prefix and those in the cache."""
        memory, count = cache.memory, embedded.shape[1]
        keys = _places(memory, target=cache.length + count)
        if cache.length:
            vectors, view = embedded, _past_view(memory, target=cache.length + count)
        else:
            vectors = torch.cat([memory.states, embedded], dim=1)
            view = self._whole_view(memory, target=count, visible=visible)
        queries = Places(keys.numbers[:, -vectors.shape[1] :], keys.end)
        code = self.decoder_positions
        states = self.sites["decoder.embedding"](code.embed(vectors, places=queries), noise)
        view = view.placed(code, queries=queries, keys=keys, window=self._window)
        for layer, past in zip(self.decoder, cache.layers, strict=True):
            states = layer(states, past=past, view=view, noise=noise)
        cache.length += count
        self.decoded += embedded.shape[0] * count
        hidden: Tensor = self.decoder_norm(states[:, -count:])
        return hidden

    def _whole_view(
        self,
        memory: Memory,
        *,
        target: int,
        visible: Bool[Tensor, "#sentences target target"] | None,
    ) -> View:
        """The keys that each place of prefix and target sees."""
        if memory.visible is None and visible is None and not self._sees_ahead:
            return View(causal=True)
        source = memory.states.shape[1]
        device = memory.states.device
        seen = torch.ones(source + target, source + target, dtype=torch.bool, device=device).tril()
        if self._sees_ahead:
            seen[:source, :source] = True
        seen = seen.expand(1 if visible is None else len(visible), -1, -1)
        if visible is not None:
            seen = seen.clone()
            seen[:, source:, source:] = visible
        if memory.visible is not None:
            seen = seen & _keys(memory, target=target)[:, None]
        return View(seen[:, None])


def _keys(memory: Memory, *, target: int) -> Bool[Tensor, "sentences keys"]:
    """The keys that are not padding; those of the target all are none that matters."""
    assert memory.visible is not None
    return torch.nn.functional.pad(memory.visible, (0, target), value=True)


def _past_view(memory: Memory, *, target: int) -> View:
    """All that is in a cache of so many target places, but for the source's padding."""
    return View.of_source(None if memory.visible is None else _keys(memory, target=target))


def _places(memory: Memory, *, target: int) -> Places:
    """The places of prefix and target, counted without the padding between them."""
    source, device = memory.states.shape[1], memory.states.device
    everything = Places.run(source + target, device=device)
    if memory.visible is None:
        return everything
    read = torch.arange(source, device=device).expand(len(memory.visible), -1)
    written = memory.visible.sum(1, keepdim=True) + torch.arange(target, device=device)
    return everything._replace(numbers=torch.cat([read, written], dim=1))
