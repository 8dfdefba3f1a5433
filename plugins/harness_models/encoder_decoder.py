"""The encoder-decoder Transformer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.components import Layers, TransformerOptions
from harness.contracts import Model, Vocabularies


@dataclass(frozen=True, kw_only=True)
class EncoderDecoder(TransformerOptions):
    """A stack that reads the source and one that writes the target (Vaswani et al. 2017).

    Bare options under `model` mean this one. `encoder_layers` and `decoder_layers` override
    `layers` on their side. `tie`: ``target`` uses the target embedding as the output projection,
    ``all`` also as the source embedding (one shared vocabulary). `final_norm` ends both stacks with
    a normalization; by default pre-norm has it (Xiong et al. 2020) and post-norm does not.
    """

    name = "encoder_decoder"

    encoder_layers: Layers | None = None
    decoder_layers: Layers | None = None
    tie: Literal["none", "target", "all"] = "none"

    @property
    def needs_one_vocabulary(self) -> str | None:
        return "tie: all" if self.tie == "all" else None

    def parameter_count(self, vocabularies: Vocabularies) -> int:
        source, target = vocabularies.source, vocabularies.target
        # Rows of the embeddings and of the output projection, whose matrices `tie` merges.
        merged = {"none": 0, "target": target, "all": 2 * target}[self.tie]
        return (
            (self.encoder_layers or self.layers) * self.layer_parameters(attentions=1)
            + (self.decoder_layers or self.layers) * self.layer_parameters(attentions=2)
            + 2 * self.norm_parameters * self.ends_normalized
            + (source + 2 * target - merged) * self.d_model
            + 2 * self.positions.parameters(self.d_model)
            + target * self.bias  # of the logits
        )

    def build(self, vocabularies: Vocabularies) -> Model:
        """The two stacks between embeddings and an output projection."""
        # Deferred: the module defines a torch module, and so would load torch for every command.
        from harness_models.transformer import Transformer

        return Transformer(
            self, source_classes=vocabularies.source, target_classes=vocabularies.target
        )
