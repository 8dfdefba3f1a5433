"""Held against the paper's rule epoch by epoch, and an optimizer that decays every parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment, weights

from harness.contracts import Setting
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_optimizers.adamw import AdamW
from harness_parameter_groups.gradual_unfreezing import GradualUnfreezing

SETTING = Setting(seed=1, classes=9, d_model=8, updates=100)


def test_in_epoch_e_the_top_e_layers_are_trained(names: Callable[..., list[str]]) -> None:
    groups = GradualUnfreezing(every=10).build(SETTING)(names())
    for epoch in range(1, 9):
        for update in (10 * epoch - 9, 10 * epoch):
            learning = [group.multiple(update) for group in groups]
            assert learning == [1.0] * min(epoch, 7) + [0.0] * max(0, 7 - epoch)


def test_with_a_divisor_unfrozen_layers_have_their_own_rates(
    names: Callable[..., list[str]],
) -> None:
    groups = GradualUnfreezing(every=10, divisor=2.0).build(SETTING)(names())
    assert [group.multiple(25) for group in groups] == [1.0, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0]


def test_frozen_parameters_are_excluded_even_from_decay() -> None:
    """From the top: projection, decoder, encoder, embeddings, one more every three updates."""
    choices = experiment(
        parameter_groups=GradualUnfreezing(every=3), optimizer=AdamW(weight_decay=0.5)
    )
    parts = assemble(choices, seed=1)
    start = weights(parts)
    tops = {"projection": 1, "decoder": 4, "encoder": 7, "source": 10, "target": 10}
    for update in train(parts):
        for name, weight in weights(parts).items():
            first = next(at for top, at in tops.items() if name.startswith(top))
            # A normalization's or a bias's gradient may vanish, a matrix's does not.
            if update.number < first:
                assert torch.equal(weight, start[name]), (update.number, name)
                assert not parts.optimizer.state[dict(parts.model.named_parameters())[name]]
            elif weight.ndim > 1:
                assert not torch.equal(weight, start[name]), (update.number, name)


@pytest.mark.parametrize("tie", ["none", "target", "all"])
def test_the_first_stage_trains_more_than_a_bias(
    names: Callable[..., list[str]], tie: Literal["none", "target", "all"]
) -> None:
    groups = GradualUnfreezing(every=10).build(SETTING)(names(tie=tie))
    first = [name for group in groups if group.multiple(1) for name in group.names]
    assert any(name.endswith(".weight") for name in first)


@pytest.mark.parametrize(
    "options", ["{}", '{"every": 0}', '{"every": 10, "divisor": 0.5}', '{"every": 1.5}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(GradualUnfreezing).validate_json(options)
