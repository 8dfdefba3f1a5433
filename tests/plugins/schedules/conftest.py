from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from harness.components import Schedule
from harness.contracts import Setting

Rates = Callable[..., list[float]]


@pytest.fixture
def rates() -> Rates:
    """The rate of every update of a budget."""

    def rates(schedule: Schedule, *, updates: int, d_model: int = 8) -> list[float]:
        setting = Setting(seed=1, classes=11, d_model=d_model, updates=updates)
        rate = schedule.build(setting)
        return [rate(update) for update in range(1, updates + 1)]

    return rates


@pytest.fixture
def torch_rates() -> Rates:
    """The rate at every update of a budget in a loop with a schedule of torch."""

    def rates(
        make: Callable[[torch.optim.Optimizer], LRScheduler], *, updates: int, base: float = 1.0
    ) -> list[float]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
        schedule = make(optimizer)
        used = []
        for _ in range(updates):
            used.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        return used

    return rates
