"""Held against the paper's algorithm in numpy, and without decay adam bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps
from support.optimizer_steps import Numbers
from torch import nn

from harness_optimizers.adam import Adam
from harness_optimizers.adamw import AdamW

BETAS, EPS, DECAY = (0.8, 0.95), 1e-3, 0.7


def by_hand(weight: Numbers, gradients: Sequence[Numbers], rates: Sequence[float]) -> Numbers:
    """Algorithm 2 of Loshchilov and Hutter, the rate in the place of their eta."""
    m, v = np.zeros_like(weight), np.zeros_like(weight)
    for t, (g, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m = BETAS[0] * m + (1 - BETAS[0]) * g
        v = BETAS[1] * v + (1 - BETAS[1]) * g**2
        m_hat, v_hat = m / (1 - BETAS[0] ** t), v / (1 - BETAS[1] ** t)
        weight = weight - rate * (m_hat / (np.sqrt(v_hat) + EPS) + DECAY * weight)
    return weight


def test_steps_equal_those_of_the_paper() -> None:
    optimizer_steps.assert_equals_by_hand(
        AdamW(betas=BETAS, eps=EPS, weight_decay=DECAY), by_hand=by_hand
    )


def test_without_decay_it_equals_adam_bit_for_bit() -> None:
    for dtype in (torch.float32, torch.float64):
        plain = optimizer_steps.train(Adam(), dtype=dtype)
        assert all(
            map(torch.equal, optimizer_steps.train(AdamW(weight_decay=0.0), dtype=dtype), plain)
        )


def test_a_weight_with_zero_gradient_decays_without_changing_the_moments() -> None:
    weight = nn.Parameter(torch.full((3,), 8.0, dtype=torch.float64))
    optimizer = AdamW(weight_decay=0.5).build(optimizer_steps.SETTING)(
        [{"params": [weight], "multiple": 1.0}]
    )
    for _ in range(2):
        optimizer_steps.step(optimizer, [torch.zeros(3, dtype=torch.float64)], rate=0.1)
    assert weight.tolist() == pytest.approx([8.0 * 0.95**2] * 3, rel=1e-14)
    assert not optimizer.state[weight]["exp_avg"].any()


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    optimizer_steps.assert_resumes_from_checkpoint(AdamW())


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(AdamW())


@pytest.mark.parametrize(
    "options", ['{"betas": [0.9, 1.0]}', '{"weight_decay": -0.1}', '{"lr": 0.1}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AdamW).validate_json(options)
