"""Held against noam, and the formulas of fairseq and Hugging Face."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_schedules.noam import Noam
from harness_schedules.warmup_inverse_square_root import WarmupInverseSquareRoot

Rates = Callable[..., list[float]]


@given(st.integers(1, 2000), st.integers(1, 500), st.integers(1, 1000), st.floats(0.01, 10))
def test_it_equals_noam_with_the_same_peak(
    d_model: int, warmup: int, update: int, factor: float
) -> None:
    setting = Setting(seed=1, classes=11, d_model=d_model, updates=1000)
    peak = factor * (d_model * warmup) ** -0.5
    ours = WarmupInverseSquareRoot(warmup=warmup, peak=peak).build(setting)
    noam = Noam(warmup=warmup, factor=factor).build(setting)
    assert ours(update) == pytest.approx(noam(update), rel=1e-12)


def test_it_equals_fairseq_with_update_numbers_from_1(rates: Rates) -> None:
    """lr_step = (lr - init) / w; decay_factor = lr * w^0.5; lr = decay_factor * u^-0.5."""
    warmup, peak, start = 8, 5e-4, 1e-7
    step, decay_factor = (peak - start) / warmup, peak * warmup**0.5
    oracle = [start + u * step if u < warmup else decay_factor * u**-0.5 for u in range(1, 41)]
    ours = rates(WarmupInverseSquareRoot(warmup=warmup, peak=peak, start=start), updates=40)
    assert ours == pytest.approx(oracle, rel=1e-12)


def test_it_equals_hugging_face_with_the_warmup_as_time_scale(rates: Rates) -> None:
    oracle = [2.0 * (s / 6 if s < 6 else 1 / ((s + 0) / 6) ** 0.5) for s in range(1, 31)]
    ours = rates(WarmupInverseSquareRoot(warmup=6, peak=2.0), updates=30)
    assert ours == pytest.approx(oracle, rel=1e-12)


def test_the_rate_is_independent_of_the_budget_and_half_the_peak_at_four_times_the_warmup(
    rates: Rates,
) -> None:
    schedule = WarmupInverseSquareRoot(warmup=10, peak=0.8)
    assert rates(schedule, updates=40) == rates(schedule, updates=90)[:40]
    assert rates(schedule, updates=40)[9] == 0.8
    assert rates(schedule, updates=40)[39] == pytest.approx(0.4, rel=1e-14)


@pytest.mark.parametrize(
    "options", ['{"warmup": 0, "peak": 1.0}', '{"warmup": 1, "peak": 1.0, "start": 2.0}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WarmupInverseSquareRoot).validate_json(options)
