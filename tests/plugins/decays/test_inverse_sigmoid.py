"""Held against scipy's logistic function, and 1/2 at k ln k."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.special import expit

from harness.contracts import Setting
from harness_decays.inverse_sigmoid import InverseSigmoid

SETTING = Setting(seed=1, classes=11, d_model=8, updates=300)


@given(st.floats(1, 1000), st.integers(1, 5000))
def test_it_equals_the_logistic_function_of_ln_k_minus_i_over_k(k: float, update: int) -> None:
    decay = InverseSigmoid(k=k).build(SETTING)
    exponent = min(update / k, 700)
    assert decay(update) == pytest.approx(float(expit(math.log(k) - exponent)), rel=1e-12)


def test_the_first_update_counts_as_1() -> None:
    assert InverseSigmoid(k=1.0).build(SETTING)(1) == pytest.approx(1 / (1 + math.e), rel=1e-15)


def test_half_is_reached_at_k_times_ln_k() -> None:
    assert InverseSigmoid(k=math.e**3).build(SETTING)(round(3 * math.e**3)) == pytest.approx(
        0.5, abs=0.01
    )


@given(st.floats(1, 1e6), st.integers(1, 10**9))
def test_it_is_a_probability_that_never_increases_or_overflows(k: float, update: int) -> None:
    decay = InverseSigmoid(k=k).build(SETTING)
    assert 0 <= decay(update + 1) <= decay(update) <= 1


def test_it_decays_to_0() -> None:
    assert InverseSigmoid(k=1.0).build(SETTING)(10**9) < 1e-300


@pytest.mark.parametrize("options", ['{"k": 0.99}', "{}"])
def test_a_k_below_1_is_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(InverseSigmoid).validate_json(options)
