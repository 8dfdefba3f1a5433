"""A loss that is a mean is refused before it trains; sums of all kinds pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from harness.comparability.mean_loss import refuse_mean
from harness.components import Loss
from harness.contracts import Setting
from harness.errors import ComponentError
from harness.training import guards
from harness_losses import harness_losses

SETTING = Setting(seed=1, classes=11, d_model=4, updates=10)


@dataclass(frozen=True, kw_only=True)
class Reduced(Loss):
    """Cross-entropy by one of torch's reductions."""

    name = "reduced"
    reduction: str = "sum"

    def build(self, setting: Setting) -> Any:
        if self.reduction == "fails":
            return lambda logits, targets: 1 / 0
        return torch.nn.CrossEntropyLoss(reduction=self.reduction)


def judge(loss: Loss) -> None:
    refuse_mean(guards.loss(loss, setting=SETTING), of=loss, setting=SETTING)


def test_a_mean_is_refused_with_the_way_out() -> None:
    with pytest.raises(ComponentError, match="gives a mean, not a sum: .*; return the sum over"):
        judge(Reduced(reduction="mean"))


@pytest.mark.parametrize("reduction", ["sum", "fails"])
def test_a_sum_passes_and_what_raises_is_left_to_its_runs(reduction: str) -> None:
    judge(Reduced(reduction=reduction))


@pytest.mark.parametrize("kind", harness_losses())
def test_all_losses_of_ours_are_sums(kind: type[Loss]) -> None:
    judge(kind())
