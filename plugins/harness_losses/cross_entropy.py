"""Cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Loss
from harness.contracts import LossFunction, Setting


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Loss):
    """Negative log-likelihood of the targets, -sum_t log p(y_t), in nats.

    Without noise in the model it equals the score `nll` times the number of target tokens.
    """

    name = "cross_entropy"

    def build(self, setting: Setting) -> LossFunction:
        # A sum: the core divides by the tokens of all batches of an update. Means of batches of
        # different sizes would weight their tokens differently.
        return partial(torch.nn.functional.cross_entropy, reduction="sum")
