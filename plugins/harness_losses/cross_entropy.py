"""Cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness import contracts
from harness.components import Loss
from harness.contracts import Setting


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Loss):
    """Negative log-likelihood of the targets, -sum_t log p(y_t), in nats.

    Without noise in the model this is the score `nll` times the number of tokens.
    """

    name = "cross_entropy"

    def build(self, setting: Setting) -> contracts.LossFunction:
        return partial(torch.nn.functional.cross_entropy, reduction="sum")
