"""The gated linear unit with Swish."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import FeedForward
from harness.contracts import Transform


@dataclass(frozen=True, kw_only=True)
class Swiglu(FeedForward):
    """(Swish(x W_gate^T) * x W_inner^T) W_outer^T (Shazeer 2020), with Swish(z) = z / (1 + e^-z).

    With biases if the model has them; Llama has none. It has three matrices: the paper compares a
    `d_ff` of two thirds with a plain network, which has as many parameters.
    """

    name = "swiglu"
    gated = True

    def build(self) -> Transform:
        return torch.nn.functional.silu
