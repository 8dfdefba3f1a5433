"""Held against the algorithms of the lecture and of Graves in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps
from support.optimizer_steps import Numbers
from torch import nn

from harness_optimizers.rmsprop import RMSprop


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("centered", [False, True])
def test_steps_equal_those_of_hinton_and_graves(*, momentum: float, centered: bool) -> None:
    alpha, eps = 0.8, 1e-3

    def by_hand(weight: Numbers, gradients: Sequence[Numbers], rates: Sequence[float]) -> Numbers:
        squares, mean, moving = np.zeros_like(weight), np.zeros_like(weight), np.zeros_like(weight)
        for g, rate in zip(gradients, rates, strict=True):
            squares = alpha * squares + (1 - alpha) * g**2
            mean = alpha * mean + (1 - alpha) * g
            variance = squares - mean**2 if centered else squares
            moving = momentum * moving + g / (np.sqrt(variance) + eps)
            weight = weight - rate * moving
        return weight

    optimizer = RMSprop(alpha=alpha, eps=eps, momentum=momentum, centered=centered)
    optimizer_steps.assert_equals_by_hand(optimizer, by_hand=by_hand)


def test_the_first_step_is_ten_times_the_rate_without_debiasing() -> None:
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = RMSprop().build(optimizer_steps.SETTING)([{"params": [weight], "multiple": 1.0}])
    optimizer_steps.step(optimizer, [torch.tensor([-4.0], dtype=torch.float64)], rate=0.1)
    assert weight.item() == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("optimizer", [RMSprop(), RMSprop(momentum=0.9, centered=True)])
def test_resuming_from_a_checkpoint_changes_no_bit(optimizer: RMSprop) -> None:
    optimizer_steps.assert_resumes_from_checkpoint(optimizer)


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(RMSprop())


@pytest.mark.parametrize("options", ['{"alpha": 1.0}', '{"eps": 0.0}', '{"centered": 1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RMSprop).validate_json(options)
