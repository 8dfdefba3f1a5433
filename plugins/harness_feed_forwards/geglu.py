"""The gated linear unit with GELU."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import FeedForward
from harness.contracts import Transform


@dataclass(frozen=True, kw_only=True)
class Geglu(FeedForward):
    """(GELU(x W_gate^T) * x W_inner^T) W_outer^T (Shazeer 2020), with biases if the model has them.

    As with `swiglu`, a `d_ff` of two thirds has as many parameters as a plain network.
    """

    name = "geglu"
    gated = True

    def build(self) -> Transform:
        return torch.nn.functional.gelu
