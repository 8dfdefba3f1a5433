"""Held against the formula of Bengio et al. with a floor, and its ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_decays.linear import Linear

probabilities = st.floats(0, 1)


def setting(updates: int) -> Setting:
    return Setting(seed=1, classes=11, d_model=8, updates=updates)


def test_it_runs_from_the_first_update_to_the_last_of_the_budget() -> None:
    decay = Linear(start=1.0, end=0.75).build(setting(5))
    assert [decay(update) for update in range(1, 6)] == [1.0, 0.9375, 0.875, 0.8125, 0.75]


def test_over_ends_the_decay_early() -> None:
    decay = Linear(start=0.5, end=0.25, over=3).build(setting(100))
    assert [decay(update) for update in (1, 2, 3, 4, 100)] == [0.5, 0.375, 0.25, 0.25, 0.25]


def test_it_equals_the_line_of_bengio_with_a_floor() -> None:
    """max(e_min, k - c * i), with i counted from 0."""
    decay = Linear(start=0.9, end=0.3, over=21).build(setting(100))
    for update in range(1, 101):
        assert decay(update) == pytest.approx(max(0.3, 0.9 - 0.03 * (update - 1)), abs=1e-15)


def test_a_budget_of_one_update_has_the_value_start() -> None:
    assert Linear(start=0.8, end=0.1).build(setting(1))(1) == pytest.approx(0.8, rel=1e-15)


@given(probabilities, probabilities, st.integers(1, 40), st.integers(1, 60))
def test_it_stays_between_start_and_end_and_never_increases(
    one: float, other: float, updates: int, update: int
) -> None:
    start, end = max(one, other), min(one, other)
    decay = Linear(start=start, end=end).build(setting(updates))
    assert decay(1) == pytest.approx(start, rel=1e-15)
    assert 0 <= end <= decay(update + 1) <= decay(update) <= decay(1) <= 1


@given(probabilities)
def test_a_start_of_1_is_exactly_1(end: float) -> None:
    assert Linear(end=end).build(setting(10))(1) == 1.0


def test_an_increasing_line_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"end must be at most start, got 0\.75 and 0\.5"):
        TypeAdapter(Linear).validate_json('{"start": 0.5, "end": 0.75}')
