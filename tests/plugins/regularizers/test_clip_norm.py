"""Held against numpy's norm of all gradients as one vector."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from harness.contracts import Setting
from harness_regularizers import ClipNorm

SHAPES = [(3, 4), (5,), (2, 2)]


def _parameters(size: float) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(1)
    parameters = [torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in SHAPES]
    for parameter in parameters:
        parameter.grad = size * torch.randn(parameter.shape, generator=generator).double()
    return parameters


def _gradients(parameters: list[torch.nn.Parameter]) -> np.ndarray:
    return np.concatenate(
        [parameter.grad.numpy().ravel() for parameter in parameters if parameter.grad is not None]
    )


def _clip(norm: float, parameters: list[torch.nn.Parameter], setting: Setting) -> None:
    modify = ClipNorm(norm=norm).build(setting).modify_gradients
    assert modify is not None
    modify(parameters, update=1, generator=torch.Generator())


@pytest.mark.parametrize("size", [0.5, 1.0, 100.0])
def test_large_gradients_are_rescaled_to_the_norm(size: float, setting: Setting) -> None:
    parameters = _parameters(size)
    before = _gradients(parameters)
    length = math.sqrt(float((before**2).sum()))
    assert length > 0.7
    _clip(0.7, parameters, setting)
    expected = before * 0.7 / (length + 1e-6)
    np.testing.assert_allclose(_gradients(parameters), expected, rtol=1e-13)


def test_small_gradients_are_unchanged_bit_for_bit(setting: Setting) -> None:
    parameters = _parameters(0.01)
    before = _gradients(parameters)
    _clip(1.0, parameters, setting)
    assert np.array_equal(_gradients(parameters), before)


def test_parameters_without_a_gradient_are_skipped(setting: Setting) -> None:
    parameters = _parameters(10.0)
    parameters[0].grad = None
    _clip(1.0, parameters, setting)
    assert parameters[0].grad is None
    assert np.linalg.norm(_gradients(parameters)) == pytest.approx(1.0, abs=1e-6)
