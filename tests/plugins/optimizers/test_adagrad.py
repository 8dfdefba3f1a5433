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

from harness_optimizers.adagrad import Adagrad


@pytest.mark.parametrize(("initial", "eps"), [(0.0, 1e-10), (0.3, 1e-2)])
def test_steps_equal_those_of_the_paper(initial: float, eps: float) -> None:
    def by_hand(weight: Numbers, gradients: Sequence[Numbers], rates: Sequence[float]) -> Numbers:
        squares = np.full_like(weight, initial)
        for g, rate in zip(gradients, rates, strict=True):
            squares = squares + g**2
            weight = weight - rate * g / (np.sqrt(squares) + eps)
        return weight

    optimizer_steps.assert_equals_by_hand(Adagrad(initial=initial, eps=eps), by_hand=by_hand)


def test_with_a_constant_gradient_steps_shrink_as_the_square_root() -> None:
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = Adagrad().build(optimizer_steps.SETTING)([{"params": [weight], "multiple": 1.0}])
    for number in range(1, 6):
        before = weight.item()
        optimizer_steps.step(optimizer, [torch.tensor([3.0], dtype=torch.float64)], rate=0.1)
        assert before - weight.item() == pytest.approx(0.1 / number**0.5, rel=1e-9)


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    optimizer_steps.assert_resumes_from_checkpoint(Adagrad())


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(Adagrad())


@pytest.mark.parametrize("options", ['{"eps": 0.0}', '{"initial": -1.0}', '{"lr_decay": 0.1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Adagrad).validate_json(options)
