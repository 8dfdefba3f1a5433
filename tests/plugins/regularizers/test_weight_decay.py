"""Held against torch's AdamW, and Adam's own weight decay."""

from __future__ import annotations

import pytest
import torch
from support.tiny_experiment import experiment, weights

from harness.contracts import Setting
from harness.testing.fixtures import NOISE
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_optimizers.adam import Adam
from harness_regularizers import WeightDecay

RATE, LEARNING_RATE = 0.3, 0.05


def _parameters() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(2)
    shapes = [(3, 4), (5,), (2, 2)]
    drawn = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return [torch.nn.Parameter(value) for value in drawn]


def _named(parameters: list[torch.nn.Parameter]) -> dict[str, torch.nn.Parameter]:
    return {f"layer.{number}": parameter for number, parameter in enumerate(parameters)}


def _steps(decay: WeightDecay | None, optimizer: torch.optim.Optimizer) -> None:
    """Five updates as the core makes them; the gradient is that of a sum of sines."""
    (group,) = optimizer.param_groups
    parameters = _named(group["params"])
    regularization = (
        decay.build(Setting(seed=1, classes=1, d_model=1, updates=5)) if decay else None
    )
    for update in range(1, 6):
        optimizer.zero_grad()
        sum((parameter * update).sin().sum() for parameter in group["params"]).backward()
        if regularization and regularization.modify_gradients:
            regularization.modify_gradients(parameters, update=update, generator=NOISE.generator)
        if regularization and regularization.modify_weights:
            with torch.no_grad():
                regularization.modify_weights(
                    parameters, update=update, learning_rate=LEARNING_RATE
                )
        optimizer.step()


def _assert_equal(ours: list[torch.nn.Parameter], theirs: list[torch.nn.Parameter]) -> None:
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-15)


def test_decoupled_decay_with_adam_equals_adamw() -> None:
    ours, theirs = _parameters(), _parameters()
    _steps(WeightDecay(rate=RATE, vectors=True), torch.optim.Adam(ours, lr=LEARNING_RATE))
    _steps(None, torch.optim.AdamW(theirs, lr=LEARNING_RATE, weight_decay=RATE))
    _assert_equal(ours, theirs)


def test_an_l2_penalty_equals_the_weight_decay_of_adam() -> None:
    ours, theirs = _parameters(), _parameters()
    decay = WeightDecay(rate=RATE, kind="l2", vectors=True)
    _steps(decay, torch.optim.Adam(ours, lr=LEARNING_RATE))
    _steps(None, torch.optim.Adam(theirs, lr=LEARNING_RATE, weight_decay=RATE))
    _assert_equal(ours, theirs)


def test_the_l2_gradient_is_that_of_half_the_rate_times_the_squared_norm() -> None:
    parameters, others = _parameters(), _parameters()
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    decay = WeightDecay(rate=RATE, kind="l2", vectors=True)
    modify = decay.build(Setting(seed=1, classes=1, d_model=1, updates=5)).modify_gradients
    assert modify is not None
    modify(_named(parameters), update=1, generator=NOISE.generator)
    (RATE / 2 * sum(parameter.square().sum() for parameter in others)).backward()
    for our, their in zip(parameters, others, strict=True):
        torch.testing.assert_close(our.grad, their.grad, rtol=1e-15, atol=0)


@pytest.mark.parametrize("kind", ["decoupled", "l2"])
def test_vectors_decay_only_if_enabled(kind: str) -> None:
    plain, decayed = _parameters(), _parameters()
    _steps(None, torch.optim.SGD(plain, lr=LEARNING_RATE))
    _steps(WeightDecay(rate=RATE, kind=kind), torch.optim.SGD(decayed, lr=LEARNING_RATE))
    for one, other in zip(plain, decayed, strict=True):
        assert torch.equal(one, other) == (one.ndim == 1)


def test_in_training_only_matrices_decay() -> None:
    parts = assemble(
        experiment(optimizer=Adam(), regularizers={"weight_decay": WeightDecay(rate=0.5)}), seed=1
    )
    plain = assemble(experiment(optimizer=Adam(), regularizers={}), seed=1)
    for run in (parts, plain):
        updates = train(run)
        next(updates), next(updates)
    for name, weight in weights(plain).items():
        unchanged = torch.equal(weight, weights(parts)[name])
        assert unchanged == name.endswith("bias") or "norm" in name, name
