"""Held against powers of the decay, and at decay 1 training without it bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment, weights

from harness.contracts import Setting
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_parameter_groups.layer_wise import LayerWise

SETTING = Setting(seed=1, classes=9, d_model=8, updates=100)


@pytest.mark.parametrize("decay", [0.95, 0.5])
def test_a_layer_learns_at_decay_to_the_power_of_its_distance_from_the_top(
    names: Callable[..., list[str]], below: Callable[[str], int], decay: float
) -> None:
    for group in LayerWise(decay=decay).build(SETTING)(names()):
        for name in group.names:
            assert group.multiple(1) == group.multiple(99) == pytest.approx(decay ** below(name))


def test_the_default_is_that_of_the_authors() -> None:
    assert LayerWise() == LayerWise(decay=0.95)


def test_decay_1_changes_no_bit_of_training() -> None:
    plain, grouped = (
        assemble(experiment(parameter_groups=groups), seed=1)
        for groups in (None, LayerWise(decay=1.0))
    )
    for parts in (plain, grouped):
        list(train(parts))
    one, other = weights(plain), weights(grouped)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_decay_0_trains_the_top_layer_only() -> None:
    parts = assemble(experiment(parameter_groups=LayerWise(decay=0.0)), seed=1)
    start = weights(parts)
    list(train(parts))
    moved = {
        name for name, weight in weights(parts).items() if not torch.equal(weight, start[name])
    }
    assert moved == {"projection.weight", "projection.bias"}


@pytest.mark.parametrize("options", ['{"decay": 1.1}', '{"decay": -0.1}', '{"rate": 0.1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LayerWise).validate_json(options)
