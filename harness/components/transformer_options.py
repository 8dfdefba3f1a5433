"""The options that models of attention layers share; its layers are in `harness.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Le

from harness.components.architecture import Architecture
from harness.components.options import PositiveInt

# Beyond this a run would not start, or its plan would take minutes.
Layers = Annotated[int, Gt(0), Le(1000)]


@dataclass(frozen=True, kw_only=True)
class TransformerOptions(Architecture):
    """The shape of a Transformer's layers (Vaswani et al. 2017, section 3).

    `final_norm` ends a stack with a normalization; by default pre-norm has it and post-norm does
    not.
    """

    d_ff: PositiveInt = 2048
    heads: PositiveInt = 8
    layers: Layers = 6
    norm: Literal["pre", "post"] = "pre"
    final_norm: bool | None = None

    def __post_init__(self) -> None:
        if self.d_model % self.heads:
            raise ValueError(
                f"heads must divide d_model, got {self.heads} heads and d_model {self.d_model}"
            )
        if self.d_model % 2:  # sines and cosines of the positions take half each
            raise ValueError(f"d_model must be even, got {self.d_model}")

    @property
    def ends_normalized(self) -> bool:
        """True if a normalization follows the last layer."""
        # Post-norm ends with one already; pre-norm would end with an unnormalized residual sum.
        return self.norm == "pre" if self.final_norm is None else self.final_norm

    @property
    def norm_parameters(self) -> int:
        """The parameters of one normalization."""
        return 2 * self.d_model

    def layer_parameters(self, *, attentions: int) -> int:
        """The parameters of a layer with so many attentions and a feed-forward network."""
        attention = 4 * (self.d_model + 1) * self.d_model
        feed_forward = (self.d_model + 1) * self.d_ff + (self.d_ff + 1) * self.d_model
        norms = (attentions + 1) * self.norm_parameters
        return attentions * attention + feed_forward + norms

    def attention_weights(self, *, source: int, target: int) -> int:
        # A stack of its own for either side: the longest that shares a batch pads the others.
        return self.heads * source**2
