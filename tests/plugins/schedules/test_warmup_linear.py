"""Held against torch's LinearLR and PolynomialLR, and Hugging Face's formula."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import LinearLR, PolynomialLR

from harness_schedules.warmup_linear import WarmupLinear

Rates = Callable[..., list[float]]


@pytest.mark.parametrize(("warmup", "updates"), [(1, 2), (4, 20), (30, 100), (10, 11)])
def test_it_equals_hugging_face_with_update_numbers_from_1(
    rates: Rates, warmup: int, updates: int
) -> None:
    oracle = [
        0.3
        * (
            step / warmup
            if step < warmup
            else max(0.0, (updates - step) / max(1, updates - warmup))
        )
        for step in range(1, updates + 1)
    ]
    ours = rates(WarmupLinear(warmup=warmup, peak=0.3), updates=updates)
    assert ours == pytest.approx(oracle, rel=1e-12, abs=1e-16)


def test_the_decay_equals_torch(rates: Rates, torch_rates: Rates) -> None:
    ours = rates(WarmupLinear(warmup=5, peak=2.0, end=0.5), updates=25)
    oracle = torch_rates(
        lambda optimizer: LinearLR(optimizer, start_factor=1.0, end_factor=0.25, total_iters=20),
        updates=21,
        base=2.0,
    )
    assert ours[4:] == pytest.approx(oracle, rel=1e-12)
    to_zero = torch_rates(
        lambda optimizer: PolynomialLR(optimizer, total_iters=20, power=1.0), updates=21, base=2.0
    )
    ours = rates(WarmupLinear(warmup=5, peak=2.0), updates=25)
    assert ours[4:] == pytest.approx(to_zero, rel=1e-12, abs=1e-15)


def test_the_peak_is_at_the_end_of_the_warmup_and_the_end_at_the_last_update(rates: Rates) -> None:
    used = rates(WarmupLinear(warmup=10, peak=1.0, end=0.1), updates=40)
    assert used[9] == max(used) == 1.0
    assert used[-1] == pytest.approx(0.1, rel=1e-14)


def test_a_budget_within_the_warmup_only_rises(rates: Rates) -> None:
    for updates in (3, 6):
        used = rates(WarmupLinear(warmup=6, peak=6.0), updates=updates)
        assert used == pytest.approx(range(1, updates + 1))


@pytest.mark.parametrize(
    "options", ['{"warmup": 0, "peak": 1.0}', '{"warmup": 1, "peak": 1.0, "end": 2.0}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WarmupLinear).validate_json(options)
