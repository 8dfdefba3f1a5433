"""Held against the larger of 0 and each number."""

from __future__ import annotations

import torch

from harness.components.relu import Relu


def test_what_is_below_zero_becomes_zero() -> None:
    numbers = [-2.0, -1e-9, 0.0, 1e-9, 3.0]
    units = Relu().build()(torch.tensor(numbers))
    assert torch.equal(units, torch.tensor([max(0.0, number) for number in numbers]))
    assert not Relu.gated
