"""Held against torch.optim.lr_scheduler.MultiStepLR."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import MultiStepLR

from harness_schedules.piecewise_constant import PiecewiseConstant

Rates = Callable[..., list[float]]


def test_it_equals_torch_with_the_same_milestones(rates: Rates, torch_rates: Rates) -> None:
    oracle = torch_rates(
        lambda optimizer: MultiStepLR(optimizer, milestones=[4, 9, 10], gamma=0.1),
        updates=15,
        base=1.0,
    )
    schedule = PiecewiseConstant(rates=(1.0, 0.1, 0.01, 0.001), boundaries=(4, 9, 10))
    assert rates(schedule, updates=15) == pytest.approx(oracle, rel=1e-12)


def test_a_boundary_is_the_last_update_of_its_interval(rates: Rates) -> None:
    schedule = PiecewiseConstant(rates=(0.1, 0.3, 0.2), boundaries=(2, 3))
    assert rates(schedule, updates=5) == [0.1, 0.1, 0.3, 0.2, 0.2]


def test_options_are_written_as_lists() -> None:
    options = TypeAdapter(PiecewiseConstant).validate_json('{"rates": [1e-3], "boundaries": []}')
    assert options == PiecewiseConstant(rates=(1e-3,), boundaries=())


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (
            '{"rates": [1.0, 0.1], "boundaries": [3, 5]}',
            "rates must have one more value than boundaries, got 2 and 2",
        ),
        ('{"rates": [], "boundaries": []}', "got 0 and 0"),
        (
            '{"rates": [3.0, 2.0, 1.0], "boundaries": [5, 5]}',
            r"boundaries must increase, got \[5, 5\]",
        ),
        ('{"rates": [3.0, 0.0], "boundaries": [5]}', "greater than 0"),
    ],
)
def test_inconsistent_options_are_refused(options: str, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        TypeAdapter(PiecewiseConstant).validate_json(options)
