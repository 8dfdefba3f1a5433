"""Held against torch.optim.lr_scheduler.OneCycleLR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import OneCycleLR

from harness_schedules.one_cycle import OneCycle

Rates = Callable[..., list[float]]


@pytest.mark.parametrize(("anneal", "torch_anneal"), [("cosine", "cos"), ("linear", "linear")])
@pytest.mark.parametrize(("updates", "rise"), [(100, 0.3), (37, 0.45), (7, 0.3)])
def test_it_equals_torch(
    rates: Rates,
    torch_rates: Rates,
    anneal: Literal["cosine", "linear"],
    torch_anneal: Literal["cos", "linear"],
    updates: int,
    rise: float,
) -> None:
    oracle = torch_rates(
        lambda optimizer: OneCycleLR(
            optimizer,
            max_lr=0.2,
            total_steps=updates,
            pct_start=rise,
            anneal_strategy=torch_anneal,
            cycle_momentum=False,
            div_factor=20.0,
            final_div_factor=500.0,
        ),
        updates=updates,
    )
    schedule = OneCycle(peak=0.2, rise=rise, anneal=anneal, start_divisor=20.0, end_divisor=500.0)
    assert rates(schedule, updates=updates) == pytest.approx(oracle, rel=1e-9, abs=1e-15)


def test_the_defaults_are_those_of_torch(rates: Rates, torch_rates: Rates) -> None:
    oracle = torch_rates(
        lambda optimizer: OneCycleLR(optimizer, max_lr=0.2, total_steps=50, cycle_momentum=False),
        updates=50,
    )
    assert rates(OneCycle(peak=0.2), updates=50) == pytest.approx(oracle, rel=1e-9, abs=1e-15)


def test_first_peak_and_last_rate(rates: Rates) -> None:
    used = rates(OneCycle(peak=1.0, rise=0.2, start_divisor=10.0, end_divisor=100.0), updates=50)
    assert used[0] == pytest.approx(0.1, rel=1e-14)
    assert used[9] == max(used) == 1.0
    assert used[-1] == pytest.approx(0.001, rel=1e-12)


def test_a_budget_too_short_for_a_rise_starts_at_the_peak(rates: Rates) -> None:
    assert rates(OneCycle(peak=1.0), updates=1) == [1.0]
    assert rates(OneCycle(peak=1.0), updates=3)[0] == 1.0


@pytest.mark.parametrize(
    "options", ["{}", '{"peak": 1.0, "rise": 1.0}', '{"peak": 1.0, "anneal": "cos"}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(OneCycle).validate_json(options)
