"""Held against torch's LinearLR and CosineAnnealingLR one after another, and 1-sqrt by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
)

from harness.contracts import Setting
from harness.errors import HarnessError
from harness_schedules.warmup_stable_decay import WarmupStableDecay

Rates = Callable[..., list[float]]
Shape = Literal["linear", "cosine"]


@pytest.mark.parametrize("end", [0.0, 0.05])
@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_it_equals_torch_phase_by_phase(
    rates: Rates, torch_rates: Rates, shape: Shape, end: float
) -> None:
    def three_phases(optimizer: torch.optim.Optimizer) -> LRScheduler:
        # The first of LinearLR's rates is that of update 1, a fifth of the peak.
        rise = LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
        stay = ConstantLR(optimizer, factor=1.0, total_iters=1)
        fall: LRScheduler = CosineAnnealingLR(optimizer, T_max=10, eta_min=end)
        if shape == "linear":
            fall = LinearLR(optimizer, start_factor=1.0, end_factor=end / 0.2, total_iters=10)
        # Update 30 is the last at the peak, from which the fall begins.
        return SequentialLR(optimizer, [rise, stay, fall], milestones=[5, 29])

    ours = rates(
        WarmupStableDecay(warmup=5, peak=0.2, decay=0.25, end=end, shape=shape), updates=40
    )
    oracle = torch_rates(three_phases, updates=40, base=0.2)
    assert ours == pytest.approx(oracle, rel=1e-9, abs=1e-15)


def test_the_square_root_falls_fast_and_then_slowly(rates: Rates) -> None:
    schedule = WarmupStableDecay(warmup=1, peak=1.0, decay=0.4, end=0.2, shape="square_root")
    used = rates(schedule, updates=10)
    by_hand = [0.2 + 0.8 * (1 - root) for root in (0.5, 0.5**0.5, 0.75**0.5, 1.0)]
    assert used == pytest.approx([1.0] * 6 + by_hand, rel=1e-14)


def test_until_the_decay_it_does_not_depend_on_the_budget(rates: Rates) -> None:
    schedule = WarmupStableDecay(warmup=3, peak=0.5, decay=0.2)
    short, long = rates(schedule, updates=20), rates(schedule, updates=100)
    assert short[:16] == long[:16]
    assert short[16] < short[15] == long[79] > long[80]


def test_a_budget_too_short_for_both_is_an_error() -> None:
    schedule = WarmupStableDecay(warmup=9, peak=0.5)
    schedule.build(Setting(seed=1, classes=11, d_model=8, updates=10))
    with pytest.raises(HarnessError, match="the decay takes 0; warmup must be at most 8, got 9"):
        schedule.build(Setting(seed=1, classes=11, d_model=8, updates=8))


@pytest.mark.parametrize(
    "options",
    [
        '{"peak": 1.0}',
        '{"warmup": 1, "peak": 1.0, "decay": 0.0}',
        '{"warmup": 1, "peak": 1.0, "end": 2.0}',
        '{"warmup": 1, "peak": 1.0, "shape": "exponential"}',
    ],
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WarmupStableDecay).validate_json(options)


def test_a_shape_without_a_decay_has_no_effect() -> None:
    flat = WarmupStableDecay(warmup=1, peak=1.0, end=1.0, shape="cosine")
    (fault,) = flat.ignored()
    assert fault.startswith("shape has no effect: with an end of the peak the rate does not decay")
