"""Held against repeated multiplication."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_decays.exponential import Exponential

SETTING = Setting(seed=1, classes=11, d_model=8, updates=300)


def test_every_update_multiplies_by_the_base_including_the_first() -> None:
    decay = Exponential(base=0.5).build(SETTING)
    assert [decay(update) for update in (1, 2, 3, 10)] == [0.5, 0.25, 0.125, 2**-10]


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 10**6))
def test_it_is_a_probability_that_never_increases(base: float, update: int) -> None:
    decay = Exponential(base=base).build(SETTING)
    assert 0 <= decay(update + 1) <= decay(update) <= base


@pytest.mark.parametrize("options", ['{"base": 1.0}', '{"base": -0.1}', "{}"])
def test_a_base_outside_0_to_1_is_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Exponential).validate_json(options)
