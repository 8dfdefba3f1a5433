"""The encoder-decoder Transformer (Vaswani et al. 2017)."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from harness.components.positions import Places
from harness.contracts import PAD, Cache, Memory
from harness.errors import HarnessError
from harness.model import (
    DecoderLayer,
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
from harness_models.encoder_decoder import EncoderDecoder


class Transformer(SequenceModel):
    """Encoder and decoder stacks between embeddings and an output projection.

    A tied matrix goes by the name `target_embedding.weight` with ``tie: target``,
    `source_embedding.weight` with ``tie: all``.
    """

    def __init__(
        self, options: EncoderDecoder, *, source_classes: int, target_classes: int
    ) -> None:
        super().__init__()
        encoder_layers = options.encoder_layers or options.layers
        decoder_layers = options.decoder_layers or options.layers
        d_model = options.d_model
        self.sites = every_site(encoder_layers=encoder_layers, decoder_layers=decoder_layers)
        # In this order: torch lists a shared matrix once, under the name that is registered first.
        self.source_embedding = Embedding(source_classes, d_model)
        self.target_embedding = Embedding(target_classes, d_model)
        self.encoder_positions = built_positions(options)
        self.decoder_positions = built_positions(options)
        self._window = options.window
        self.encoder = nn.ModuleList(
            EncoderLayer(options, place=f"encoder.{number}", sites=self.sites)
            for number in range(encoder_layers)
        )
        self.encoder_norm = final_norm(options)
        self.decoder = nn.ModuleList(
            DecoderLayer(options, place=f"decoder.{number}", sites=self.sites)
            for number in range(decoder_layers)
        )
        self.decoder_norm = final_norm(options)
        self.projection = Projection(d_model, target_classes, bias=options.bias)
        self._tie(options.tie)

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Run the encoder; padding is hidden by token number."""
        real = source != PAD
        # Batches hold sentences of similar length: often nothing is padded, and torch is faster
        # without a mask.
        visible = None if real.all() else real
        places, code = Places.run(source.shape[1], device=source.device), self.encoder_positions
        states = code.embed(self.source_embedding(source), places=places)
        states = self.sites["encoder.embedding"](states, noise)
        view = View.of_source(visible).placed(code, queries=places, keys=places)
        for layer in self.encoder:
            states = layer(states, view=view, noise=noise)
        return Memory(self.encoder_norm(states), visible)

    def embed(
        self, tokens: Int[Tensor, "sentences target"]
    ) -> Float[Tensor, "sentences target d_model"]:
        """Target token vectors times sqrt(d_model), without positions or noise."""
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
        """Run the decoder over token vectors; `visible` replaces the causal mask (True: seen)."""
        view = View(causal=True) if visible is None else View(visible[:, None])
        return self._decode(embedded, cache=self.start(memory), view=view, noise=noise)

    def project(self, hidden: Float[Tensor, "*places d_model"]) -> Float[Tensor, "*places classes"]:
        """Logits from hidden states."""
        logits: Tensor = self.projection(hidden)
        return logits

    def start(self, memory: Memory) -> KeyValueCache:
        """An empty cache over an encoded source, for `step`."""
        return KeyValueCache(memory=memory, layers=tuple(Past() for _ in self.decoder))

    def step(
        self, tokens: Int[Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[Tensor, "sentences d_model"]:
        """Feed one more token per sentence, growing the cache; the states that predict the next."""
        assert isinstance(cache, KeyValueCache), "a cache comes from `start`"
        embedded = self.embed(tokens[:, None])
        # No mask: a single query, and all that is in the cache is its past.
        return self._decode(embedded, cache=cache, view=View(), noise=noise)[:, 0]

    def feed(
        self,
        tokens: Int[Tensor, "sentences run"],
        cache: Cache,
        *,
        first: Int[Tensor, "sentences"],
    ) -> Float[Tensor, "sentences run d_model"]:
        """Feed runs of tokens, each at its places from `first` on (`FeedsRuns`)."""
        assert isinstance(cache, KeyValueCache), "a cache comes from `start`"
        numbers = first[:, None] + torch.arange(tokens.shape[1], device=tokens.device)
        places = Places(numbers, int(numbers.max()) + 1)
        cache.put_at(places)
        # What lies at later places was taken back, or belongs to a longer sentence.
        seen = torch.arange(places.end, device=tokens.device) <= numbers[..., None]
        view = View(seen[:, None])
        return self._decode(self.embed(tokens), cache=cache, view=view, places=places)

    def _decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        *,
        cache: KeyValueCache,
        view: View,
        places: Places | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The hidden states of target `places`: by default, of those after the cache's."""
        count, device, code = embedded.shape[1], embedded.device, self.decoder_positions
        places = places or Places.run(count, first=cache.length, device=device)
        past_too = Places.run(places.end, device=device)
        states = code.embed(embedded, places=places)
        states = self.sites["decoder.embedding"](states, noise)
        view = view.placed(code, queries=places, keys=past_too, window=self._window)
        for layer, past in zip(self.decoder, cache.layers, strict=True):
            states = layer(states, memory=cache.memory, past=past, view=view, noise=noise)
        cache.length = places.end
        self.decoded += embedded.shape[0] * count
        hidden: Tensor = self.decoder_norm(states)
        return hidden

    def _tie(self, tie: str) -> None:
        source, target = self.source_embedding, self.target_embedding
        if tie == "all":
            if source.weight.shape != target.weight.shape:
                raise HarnessError(
                    f"tie: all needs one vocabulary for both sides, got {len(source.weight)} "
                    f"source and {len(target.weight)} target classes; use tie: target or none"
                )
            target.weight = source.weight
        # After `all`: the projection takes the matrix that the target has by then.
        if tie != "none":
            self.projection.weight = target.weight
