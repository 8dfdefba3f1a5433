"""Held against numpy's norm of all gradients as one vector."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_experiment import weights
from support.tiny_study import TINY

from harness.contracts import Setting
from harness.loading import load
from harness.testing.fixtures import NOISE
from harness.training.assembly import assemble
from harness.training.loop import train
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
    named = {f"layer.{number}": parameter for number, parameter in enumerate(parameters)}
    modify(named, update=1, generator=NOISE.generator)


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


@pytest.mark.parametrize(
    ("baseline", "variant", "clipped_last"),
    [
        ("{clip_norm: 0.5, gradient_noise: 1.0}", "{}", False),
        ("{gradient_noise: 1.0, clip_norm: 0.5}", "{}", True),
        ("{clip_norm: 9.0}", "{gradient_noise: 1.0, clip_norm: 0.5}", False),
        ("{gradient_noise: 9.0}", "{clip_norm: 0.5, gradient_noise: 1.0}", True),
        ("{}", "{gradient_noise: 1.0, clip_norm: 0.5}", True),
    ],
)
def test_regularizers_act_in_the_order_of_the_study(
    tmp_path: Path, *, baseline: str, variant: str, clipped_last: bool
) -> None:
    text = TINY.replace("{dropout: 0.1}", baseline).replace("{dropout: off}", variant)
    text = text.replace("optimizer: adam", "optimizer: sgd")
    text = text.replace("{noam: {warmup: 10}}", "{constant: 1.0}")
    path = tmp_path / "study.yaml"
    path.write_text(text)
    parts = assemble(load(path)[0].variants["no-dropout"], seed=1)
    before = weights(parts)
    updates = train(parts)
    next(updates)
    next(updates)
    steps = [after - before[name] for name, after in weights(parts).items()]
    # At a rate of 1, plain SGD steps by the gradient itself.
    norm = torch.nn.utils.get_total_norm(steps).item()
    assert norm == pytest.approx(0.5, rel=1e-4) if clipped_last else norm > 5
