"""Held against x Phi(x) by Python's error function, and the approximation of GPT-2."""

from __future__ import annotations

import math

import pytest
import torch

from harness_feed_forwards.gelu import Gelu

NUMBERS = [-30.0, -3.0, -0.5, 0.0, 0.1, 1.0, 7.0]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_unit_is_its_input_times_the_normal_distribution(number: float) -> None:
    expected = number * (1 + math.erf(number / math.sqrt(2))) / 2
    unit = Gelu().build()(torch.tensor(number, dtype=torch.float64)).item()
    assert math.isclose(unit, expected, rel_tol=1e-12, abs_tol=1e-14)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_approximation_is_the_one_by_tanh(number: float) -> None:
    inner = math.sqrt(2 / math.pi) * (number + 0.044715 * number**3)
    expected = number / 2 * (1 + math.tanh(inner))
    unit = Gelu(approximate="tanh").build()(torch.tensor(number, dtype=torch.float64)).item()
    assert math.isclose(unit, expected, rel_tol=1e-12, abs_tol=1e-14)
    assert not Gelu.gated
