"""Held against torch.optim.lr_scheduler.ExponentialLR."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import ExponentialLR

from harness_schedules.exponential import Exponential

Rates = Callable[..., list[float]]


def test_it_equals_torch_from_the_first_update(rates: Rates, torch_rates: Rates) -> None:
    oracle = torch_rates(
        lambda optimizer: ExponentialLR(optimizer, gamma=0.9), updates=30, base=0.1
    )
    assert oracle[0] == 0.1
    ours = rates(Exponential(learning_rate=0.1, base=0.9), updates=30)
    assert ours == pytest.approx(oracle, rel=1e-12)


def test_the_decay_is_smooth_between_multiplications_by_base(
    rates: Rates,
) -> None:
    used = rates(Exponential(learning_rate=0.8, base=0.5, every=10), updates=31)
    assert used[0::10] == pytest.approx([0.8, 0.4, 0.2, 0.1], rel=1e-12)
    assert used[5] == pytest.approx(0.8 / 2**0.5, rel=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        '{"learning_rate": 1.0}',
        '{"learning_rate": 1.0, "base": 0.0}',
        '{"learning_rate": 1.0, "base": 1.1}',
    ],
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Exponential).validate_json(options)
