"""A Transformer of one stack, which reads the source as the beginning of what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.components import TransformerOptions
from harness.contracts import Model, Vocabularies
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class DecoderOnly(TransformerOptions):
    """One causal stack over source, separator and target (Radford et al. 2018; Liu et al. 2018).

    The separator is the bos that opens the target, whose places alone are scored. With `prefix`
    source places see each other, also those after them (a prefix language model, Raffel et al.
    2020). `one_embedding` serves both sides; by default it does where they share a vocabulary.
    `tie: target` uses the target's embedding as the output projection.

    Places are counted without padding, so that padding changes no logit. The stack is the decoder:
    its sites and parameters are ``decoder...``, and its self-attention is the only one.
    """

    name = "decoder_only"

    prefix: bool = False
    one_embedding: bool | None = None
    tie: Literal["none", "target"] = "none"

    @property
    def needs_one_vocabulary(self) -> str | None:
        return "one_embedding: true" if self.one_embedding else None

    def parameter_count(self, vocabularies: Vocabularies) -> int:
        source, target = vocabularies.source, vocabularies.target
        embeddings = target if self.embeds_once(vocabularies) else source + target
        projection = 0 if self.tie == "target" else target
        return (
            self.layers * self.layer_parameters(attentions=1)
            + self.norm_parameters * self.ends_normalized
            + self.positions.parameters(self.d_model)
            + (embeddings + projection) * self.d_model
            + target * self.bias
        )

    def embeds_once(self, vocabularies: Vocabularies) -> bool:
        """True if one matrix embeds both sides."""
        return vocabularies.shared if self.one_embedding is None else self.one_embedding

    def attention_weights(self, *, source: int, target: int) -> int:
        return self.heads * (source + target) ** 2

    def build(self, vocabularies: Vocabularies) -> Model:
        """The stack between embeddings and an output projection."""
        # Deferred: the module defines a torch module, and so would load torch for every command.
        from harness_models.prefix_decoder import PrefixDecoder

        if self.one_embedding and not vocabularies.shared:
            raise HarnessError(
                "one_embedding: true needs one vocabulary for both sides; share it (tokenizer "
                "option shared: true), or use one_embedding: false"
            )
        return PrefixDecoder(self, vocabularies=vocabularies)
