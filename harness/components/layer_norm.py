"""Layer normalization, the default."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components.normalization import Normalization
from harness.components.options import PositiveFloat


@dataclass(frozen=True, kw_only=True)
class LayerNorm(Normalization):
    """y = (x - mean) / sqrt(variance + eps) * weight + bias (Ba et al. 2016).

    Mean and variance (that of the population) are those of one token's vector.
    """

    name = "layer_norm"

    eps: PositiveFloat = 1e-5

    def parameters(self, width: int, *, bias: bool) -> int:
        return width * (1 + bias)

    def build(self, width: int, *, bias: bool) -> torch.nn.Module:
        return torch.nn.LayerNorm(width, eps=self.eps, bias=bias)
