"""Held against the paper's algorithm in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps
from support.optimizer_steps import Numbers
from torch import nn

from harness_optimizers.lion import Lion


@pytest.mark.parametrize(
    ("betas", "decay"), [((0.9, 0.99), 0.0), ((0.5, 0.8), 0.7), ((0.95, 0.98), 3.0)]
)
def test_steps_equal_those_of_the_paper(betas: tuple[float, float], decay: float) -> None:
    def by_hand(weight: Numbers, gradients: Sequence[Numbers], rates: Sequence[float]) -> Numbers:
        m = np.zeros_like(weight)
        for g, rate in zip(gradients, rates, strict=True):
            c = betas[0] * m + (1 - betas[0]) * g
            weight = weight - rate * (np.sign(c) + decay * weight)
            m = betas[1] * m + (1 - betas[1]) * g
        return weight

    optimizer_steps.assert_equals_by_hand(Lion(betas=betas, weight_decay=decay), by_hand=by_hand)


def test_every_weight_moves_by_the_rate_and_one_without_a_slope_not_at_all() -> None:
    weight = nn.Parameter(torch.zeros(4, dtype=torch.float64))
    optimizer = Lion().build(optimizer_steps.SETTING)([{"params": [weight], "multiple": 1.0}])
    gradient = torch.tensor([1e-9, -3.0, 1e9, 0.0], dtype=torch.float64)
    optimizer_steps.step(optimizer, [gradient], rate=0.1)
    assert weight.tolist() == [-0.1, 0.1, -0.1, 0.0]


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    optimizer_steps.assert_resumes_from_checkpoint(Lion(weight_decay=0.1))


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(Lion())


@pytest.mark.parametrize(
    "options", ['{"betas": [0.9, 1.0]}', '{"weight_decay": -0.1}', '{"lr": 0.1}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Lion).validate_json(options)
