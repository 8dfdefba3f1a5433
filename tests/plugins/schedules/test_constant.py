"""Held against the constant itself."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_schedules.constant import Constant


def test_the_rate_is_the_same_at_every_update_and_width() -> None:
    for d_model in (16, 512):
        setting = Setting(seed=1, classes=11, d_model=d_model, updates=300)
        rate = Constant(learning_rate=8.2e-3).build(setting)
        assert {rate(update) for update in range(1, 301)} == {8.2e-3}


@pytest.mark.parametrize("options", ["{}", '{"learning_rate": 0.0}', '{"learning_rate": -1e-3}'])
def test_a_rate_must_be_given_and_positive(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Constant).validate_json(options)
