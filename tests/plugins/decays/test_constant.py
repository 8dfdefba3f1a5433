"""Held against the constant itself."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_decays.constant import Constant


@pytest.mark.parametrize("probability", [0.0, 0.9, 1.0])
def test_it_is_constant(probability: float) -> None:
    setting = Setting(seed=1, classes=11, d_model=8, updates=300)
    decay = Constant(probability=probability).build(setting)
    assert {decay(update) for update in range(1, 301)} == {probability}


@pytest.mark.parametrize("options", ['{"probability": 1.1}', '{"probability": -0.1}', "{}"])
def test_a_value_outside_0_to_1_is_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Constant).validate_json(options)
