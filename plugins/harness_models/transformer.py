"""The encoder-decoder Transformer (Vaswani et al. 2017)."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from harness.contracts import PAD, Cache, Memory
from harness.errors import HarnessError
from harness.model import (
    DecoderLayer,
    Embedding,
    EncoderLayer,
    KeyValueCache,
    Past,
    Positions,
    Projection,
    SequenceModel,
    View,
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
        self._positions = Positions(d_model)
        # In this order: torch lists a shared matrix once, under the name that is registered first.
        self.source_embedding = Embedding(source_classes, d_model)
        self.target_embedding = Embedding(target_classes, d_model)
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
        self.projection = Projection(d_model, target_classes)
        self._tie(options.tie)

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Run the encoder; padding is hidden by token number."""
        real = source != PAD
        # Batches hold sentences of similar length: often nothing is padded, and torch is faster
        # without a mask.
        visible = None if real.all() else real
        states = self._positions.add(self.source_embedding(source))
        states = self.sites["encoder.embedding"](states, noise)
        for layer in self.encoder:
            states = layer(states, view=View.of_source(visible), noise=noise)
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

    def _decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        *,
        cache: KeyValueCache,
        view: View,
        noise: Noise | None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The hidden states of the next target places, after those in the cache."""
        states = self._positions.add(embedded, first=cache.length)
        states = self.sites["decoder.embedding"](states, noise)
        for layer, past in zip(self.decoder, cache.layers, strict=True):
            states = layer(states, memory=cache.memory, past=past, view=view, noise=noise)
        cache.length += embedded.shape[1]
        self.decoded += embedded.shape[0] * embedded.shape[1]
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
