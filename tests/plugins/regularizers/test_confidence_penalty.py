"""Held against torch.distributions' entropy and the divergence from uniform."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import Prediction, Setting
from harness_regularizers import ConfidencePenalty

SETTING = Setting(seed=1, classes=7, d_model=2, updates=5)


def _penalty(beta: float, *passes: torch.Tensor) -> torch.Tensor:
    penalty = ConfidencePenalty(beta=beta).build(SETTING).penalty
    assert penalty is not None
    rows = len(passes[0])
    targets, hidden = torch.zeros(rows).long(), torch.zeros(rows, 2)
    return penalty([Prediction(logits, targets, hidden) for logits in passes])


def _logits(seed: int, size: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return size * torch.randn(5, 7, generator=generator, dtype=torch.float64)


@given(st.integers(0, 1000), st.floats(0.1, 20), st.floats(0.01, 2))
def test_it_is_minus_beta_times_the_entropy_in_torch_summed_over_tokens(
    seed: int, size: float, beta: float
) -> None:
    logits = _logits(seed, size)
    entropy = torch.distributions.Categorical(logits=logits).entropy().sum()
    torch.testing.assert_close(_penalty(beta, logits), -beta * entropy, rtol=1e-9, atol=1e-9)


def test_a_uniform_prediction_is_rewarded_most_and_a_certain_one_not_at_all() -> None:
    even = torch.zeros(1, 7, dtype=torch.float64)
    assert _penalty(0.1, even).item() == pytest.approx(-0.1 * math.log(7), rel=1e-14)
    certain = torch.tensor([[1000.0, *[0.0] * 6]])
    assert _penalty(0.1, certain).item() == 0.0


def test_it_equals_the_divergence_from_uniform_up_to_a_constant() -> None:
    logits = _logits(1, 2.0)
    even = torch.full_like(logits, -math.log(7))
    divergence = torch.nn.functional.kl_div(
        even, logits.log_softmax(-1), reduction="sum", log_target=True
    )
    expected = 0.1 * (divergence - 5 * math.log(7))
    torch.testing.assert_close(_penalty(0.1, logits), expected)


def test_passes_are_averaged() -> None:
    one, other = _logits(1, 2.0), _logits(2, 0.5)
    expected = (_penalty(0.1, one) + _penalty(0.1, other)) / 2
    torch.testing.assert_close(_penalty(0.1, one, other), expected)
