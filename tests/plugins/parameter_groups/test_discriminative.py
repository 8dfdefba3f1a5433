"""Held against the paper's rates layer by layer: a division by 2.6 per layer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Setting
from harness_parameter_groups.discriminative import Discriminative

SETTING = Setting(seed=1, classes=9, d_model=8, updates=100)


def test_the_rate_of_each_layer_is_that_of_the_layer_above_divided_by_2_6(
    names: Callable[..., list[str]],
) -> None:
    groups = Discriminative().build(SETTING)(names())
    multiples = [group.multiple(1) for group in groups]
    assert multiples[0] == 1.0
    for above, here in pairwise(multiples):
        assert above / here == pytest.approx(2.6, rel=1e-12)
    assert multiples[5] == pytest.approx(0.0084, abs=5e-5)


def test_it_equals_layer_wise_with_a_decay_of_one_over_the_divisor(
    names: Callable[..., list[str]], below: Callable[[str], int]
) -> None:
    for group in Discriminative(divisor=4.0).build(SETTING)(names()):
        for name in group.names:
            assert group.multiple(7) == 0.25 ** below(name)


@pytest.mark.parametrize("options", ['{"divisor": 0.9}', '{"divisor": 0}', '{"decay": 0.38}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Discriminative).validate_json(options)
