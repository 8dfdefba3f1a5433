"""Held against the closed form through torch's LambdaLR, and 1/2, 1/3, 1/4."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import LambdaLR

from harness_schedules.inverse_time import InverseTime

Rates = Callable[..., list[float]]


def test_it_equals_the_closed_form_in_completed_updates(rates: Rates, torch_rates: Rates) -> None:
    oracle = torch_rates(
        lambda optimizer: LambdaLR(optimizer, lambda made: 1 / (1 + 0.7 * made / 4)),
        updates=30,
        base=0.1,
    )
    ours = rates(InverseTime(learning_rate=0.1, decay=0.7, every=4), updates=30)
    assert ours == pytest.approx(oracle, rel=1e-12)


def test_the_rate_drops_to_a_half_a_third_and_a_quarter(rates: Rates) -> None:
    used = rates(InverseTime(learning_rate=1.2, decay=0.5, every=5), updates=31)
    assert used[0::10] == pytest.approx([1.2, 0.6, 0.4, 0.3], rel=1e-14)


@pytest.mark.parametrize(
    "options", ['{"learning_rate": 1.0}', '{"learning_rate": 1.0, "decay": 0.5, "every": 0}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(InverseTime).validate_json(options)
