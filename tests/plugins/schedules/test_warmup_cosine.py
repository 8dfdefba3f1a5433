"""Held against torch's CosineAnnealingLR and Hugging Face's formula."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import CosineAnnealingLR

from harness_schedules.warmup_cosine import WarmupCosine

Rates = Callable[..., list[float]]


@pytest.mark.parametrize("end", [0.0, 0.02])
def test_the_decay_equals_torch(rates: Rates, torch_rates: Rates, end: float) -> None:
    ours = rates(WarmupCosine(warmup=5, peak=0.2, end=end), updates=45)
    oracle = torch_rates(
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=40, eta_min=end), updates=41, base=0.2
    )
    assert ours[4:] == pytest.approx(oracle, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(("warmup", "updates"), [(1, 2), (4, 20), (30, 100)])
def test_it_equals_hugging_face_with_update_numbers_from_1(
    rates: Rates, warmup: int, updates: int
) -> None:
    def hugging_face(step: int) -> float:
        if step < warmup:
            return step / warmup
        progress = (step - warmup) / (updates - warmup)
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * 0.5 * 2.0 * progress)))

    oracle = [0.3 * hugging_face(step) for step in range(1, updates + 1)]
    ours = rates(WarmupCosine(warmup=warmup, peak=0.3), updates=updates)
    assert ours == pytest.approx(oracle, rel=1e-12, abs=1e-16)


def test_half_way_through_the_decay_it_is_half_way_between_peak_and_end(rates: Rates) -> None:
    used = rates(WarmupCosine(warmup=10, peak=1.0, end=0.2), updates=50)
    assert used[9] == max(used) == 1.0
    assert used[29] == pytest.approx(0.6, rel=1e-14)
    assert used[-1] == pytest.approx(0.2, rel=1e-14)


def test_a_budget_within_the_warmup_only_rises(rates: Rates) -> None:
    for updates in (3, 6):
        used = rates(WarmupCosine(warmup=6, peak=6.0), updates=updates)
        assert used == pytest.approx(range(1, updates + 1))


@pytest.mark.parametrize(
    "options", ['{"warmup": 0, "peak": 1.0}', '{"warmup": 1, "peak": 1.0, "end": 2.0}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WarmupCosine).validate_json(options)
