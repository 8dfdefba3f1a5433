"""The rectified linear unit, the default."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components.feed_forward import FeedForward
from harness.contracts import Transform


@dataclass(frozen=True, kw_only=True)
class Relu(FeedForward):
    """max(0, x W1^T + b1) W2^T + b2 (Vaswani et al. 2017, section 3.3)."""

    name = "relu"

    def build(self) -> Transform:
        return torch.relu
