"""Held against torch.optim.lr_scheduler.CosineAnnealingWarmRestarts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from harness_schedules.cosine_restarts import CosineRestarts

Rates = Callable[..., list[float]]


@pytest.mark.parametrize(
    ("cycle", "growth", "end"), [(10, 1, 0.0), (7, 2, 0.02), (3, 3, 0.1), (1, 1, 0.0), (1, 2, 0.0)]
)
def test_it_equals_torch(
    rates: Rates, torch_rates: Rates, cycle: int, growth: int, end: float
) -> None:
    ours = rates(CosineRestarts(peak=0.2, cycle=cycle, growth=growth, end=end), updates=64)
    oracle = torch_rates(
        lambda optimizer: CosineAnnealingWarmRestarts(
            optimizer, T_0=cycle, T_mult=growth, eta_min=end
        ),
        updates=64,
        base=0.2,
    )
    assert ours == pytest.approx(oracle, rel=1e-9, abs=1e-15)


def test_each_cycle_begins_at_the_peak_and_is_half_way_down_in_its_middle(rates: Rates) -> None:
    used = rates(CosineRestarts(peak=1.0, cycle=4, growth=2, end=0.2), updates=28)
    assert [update for update, rate in enumerate(used, start=1) if rate == 1.0] == [1, 5, 13]
    assert [used[2], used[8], used[20]] == pytest.approx([0.6] * 3, rel=1e-14)


@pytest.mark.parametrize(
    "options",
    [
        '{"peak": 1.0}',
        '{"peak": 1.0, "cycle": 0}',
        '{"peak": 1.0, "cycle": 2, "growth": 0}',
        '{"peak": 1.0, "cycle": 2, "end": 2.0}',
    ],
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CosineRestarts).validate_json(options)


def test_a_growth_of_cycles_without_a_decay_has_no_effect() -> None:
    (fault,) = CosineRestarts(peak=1.0, end=1.0, cycle=2, growth=3).ignored()
    assert fault.startswith("growth has no effect: with an end of the peak the rate is constant")
    assert [*CosineRestarts(peak=1.0, cycle=2, growth=3).ignored()] == []
