"""Root mean square normalization."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import Normalization
from harness.components.options import PositiveFloat


@dataclass(frozen=True, kw_only=True)
class RmsNorm(Normalization):
    """y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019).

    Layer normalization without its mean and its bias. `eps` is that of Llama.
    """

    name = "rms_norm"

    eps: PositiveFloat = 1e-6

    def parameters(self, width: int, *, bias: bool) -> int:
        return width

    def build(self, width: int, *, bias: bool) -> torch.nn.Module:
        return torch.nn.RMSNorm(width, eps=self.eps)
