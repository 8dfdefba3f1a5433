"""Held against the textbook's algorithm in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps
from support.optimizer_steps import Numbers

from harness_optimizers.sgd import SGD


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_steps_equal_those_of_the_textbook(*, momentum: float, nesterov: bool) -> None:
    def by_hand(weight: Numbers, gradients: Sequence[Numbers], rates: Sequence[float]) -> Numbers:
        gathered = np.zeros_like(weight)
        for g, rate in zip(gradients, rates, strict=True):
            gathered = momentum * gathered + g
            weight = weight - rate * (g + momentum * gathered if nesterov else gathered)
        return weight

    optimizer_steps.assert_equals_by_hand(
        SGD(momentum=momentum, nesterov=nesterov), by_hand=by_hand
    )


def test_without_momentum_it_sums_rates_times_gradients() -> None:
    start, ours = optimizer_steps.normal(0)[0], optimizer_steps.train(SGD())[0]
    steps = [
        rate * optimizer_steps.normal(number)[0]
        for number, rate in enumerate(optimizer_steps.RATES, start=1)
    ]
    np.testing.assert_allclose(ours.numpy(), (start - sum(steps)).numpy(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("optimizer", [SGD(), SGD(momentum=0.9, nesterov=True)])
def test_resuming_from_a_checkpoint_changes_no_bit(optimizer: SGD) -> None:
    optimizer_steps.assert_resumes_from_checkpoint(optimizer)


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(SGD(momentum=0.5))


@pytest.mark.parametrize(
    "options", ['{"momentum": 1.0}', '{"nesterov": true}', '{"weight_decay": 0.1}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SGD).validate_json(options)
