"""The options that models of attention layers share; its layers are in `harness.model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Gt, Le

from harness.components.architecture import Architecture
from harness.components.feed_forward import FeedForward
from harness.components.layer_norm import LayerNorm
from harness.components.normalization import Normalization
from harness.components.options import PositiveInt
from harness.components.positions import Positions
from harness.components.relu import Relu
from harness.components.sinusoidal import Sinusoidal

# Beyond this a run would not start, or its plan would take minutes.
Layers = Annotated[int, Gt(0), Le(1000)]


@dataclass(frozen=True, kw_only=True)
class TransformerOptions(Architecture):
    """The shape of a Transformer's layers (Vaswani et al. 2017, section 3), and their parts.

    `final_norm` ends a stack with a normalization; by default pre-norm has it and post-norm does
    not.

    `kv_heads` is the number of heads of keys and values, by default `heads`: each serves a group of
    query heads (grouped-query attention, Ainslie et al. 2023), a single one all of them
    (multi-query, Shazeer 2019). `qk_norm` normalizes the queries and keys of each head before their
    product (Dehghani et al. 2023), by `normalization`. `window` is the number of places that a
    query of causal self-attention sees, its own and those before it (Beltagy et al. 2020). Without
    `bias`, no matrix and no normalization adds one (as in PaLM, Chowdhery et al. 2022).
    """

    d_ff: PositiveInt = 2048
    heads: PositiveInt = 8
    layers: Layers = 6
    norm: Literal["pre", "post"] = "pre"
    final_norm: bool | None = None
    normalization: Normalization = field(default=LayerNorm())
    feed_forward: FeedForward = field(default=Relu())
    positions: Positions = field(default=Sinusoidal())
    kv_heads: PositiveInt | None = None
    qk_norm: bool = False
    window: PositiveInt | None = None
    bias: bool = True

    def __post_init__(self) -> None:
        if self.d_model % self.heads:
            raise ValueError(
                f"heads must divide d_model, got {self.heads} heads and d_model {self.d_model}"
            )
        if self.heads % self.key_heads:
            raise ValueError(
                f"kv_heads must divide heads, got {self.key_heads} kv_heads and {self.heads} heads"
            )
        if fault := self.positions.fault(self.d_model, heads=self.heads):
            raise ValueError(fault)

    @property
    def key_heads(self) -> int:
        """The number of heads of keys and values."""
        return self.kv_heads or self.heads

    @property
    def ends_normalized(self) -> bool:
        """True if a normalization follows the last layer."""
        # Post-norm ends with one already; pre-norm would end with an unnormalized residual sum.
        return self.norm == "pre" if self.final_norm is None else self.final_norm

    @property
    def norm_parameters(self) -> int:
        """The parameters of one normalization of the states."""
        return self.normalization.parameters(self.d_model, bias=self.bias)

    def layer_parameters(self, *, attentions: int) -> int:
        """The parameters of a layer with so many attentions and a feed-forward network."""
        norms = (attentions + 1) * self.norm_parameters
        return attentions * self._attention_parameters() + self._network_parameters() + norms

    def attention_weights(self, *, source: int, target: int) -> int:
        # A stack of its own for either side: the longest that shares a batch pads the others.
        return self.heads * source**2

    def _attention_parameters(self) -> int:
        head = self.d_model // self.heads
        outputs = 2 * self.d_model + 2 * self.key_heads * head  # of all four matrices
        norms = 2 * self.qk_norm * self.normalization.parameters(head, bias=self.bias)
        return outputs * (self.d_model + self.bias) + norms

    def _network_parameters(self) -> int:
        into = (1 + self.feed_forward.gated) * (self.d_model + self.bias) * self.d_ff
        return into + (self.d_ff + self.bias) * self.d_model
