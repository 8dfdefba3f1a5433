"""Held against torch's LinearLR and Hugging Face's formula."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError
from torch.optim.lr_scheduler import LinearLR

from harness_schedules.warmup_constant import WarmupConstant

Rates = Callable[..., list[float]]


def test_it_equals_the_linear_warmup_of_torch_one_update_earlier(
    rates: Rates, torch_rates: Rates
) -> None:
    """torch's starts at 1/5 and reaches 1 four updates later: our update s is its step s - 1."""
    oracle = torch_rates(
        lambda optimizer: LinearLR(optimizer, start_factor=1 / 5, total_iters=4),
        updates=12,
        base=3e-3,
    )
    assert rates(WarmupConstant(warmup=5, peak=3e-3), updates=12) == pytest.approx(
        oracle, rel=1e-12
    )


def test_it_equals_hugging_face_with_update_numbers_from_1(rates: Rates) -> None:
    oracle = [2.0 * (step / 7 if step < 7 else 1.0) for step in range(1, 31)]
    assert rates(WarmupConstant(warmup=7, peak=2.0), updates=30) == pytest.approx(oracle, rel=1e-14)


def test_no_update_has_a_rate_of_0(rates: Rates) -> None:
    assert rates(WarmupConstant(warmup=1, peak=0.5), updates=3) == [0.5, 0.5, 0.5]
    assert min(rates(WarmupConstant(warmup=100, peak=0.5), updates=200)) == 0.5 / 100


@pytest.mark.parametrize(
    "options", ["{}", '{"warmup": 0, "peak": 1.0}', '{"warmup": 1, "peak": 0.0}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WarmupConstant).validate_json(options)
