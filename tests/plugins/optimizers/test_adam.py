"""Held against the paper's algorithm in numpy."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from support.optimizer_steps import RATES, SETTING, normal, step, train
from torch import nn

from harness_optimizers.adam import Adam


def adam_by_hand(
    weight: NDArray[np.float64],
    gradients: list[NDArray[np.float64]],
    *,
    multiple: float,
    betas: tuple[float, float],
    eps: float,
) -> NDArray[np.float64]:
    """Algorithm 1 of Kingma and Ba, line by line."""
    m, v = np.zeros_like(weight), np.zeros_like(weight)
    for t, (g, alpha) in enumerate(zip(gradients, RATES, strict=True), start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        m_hat = m / (1 - betas[0] ** t)
        v_hat = v / (1 - betas[1] ** t)
        weight = weight - multiple * alpha * m_hat / (np.sqrt(v_hat) + eps)
    return weight


@pytest.mark.parametrize(
    ("betas", "eps"), [((0.9, 0.98), 1e-9), ((0.5, 0.999), 1e-3), ((0.0, 0.9), 0.1)]
)
def test_steps_equal_those_of_the_paper(betas: tuple[float, float], eps: float) -> None:
    starts = [start.numpy() for start in normal(0)]
    gradients = [[g.numpy() for g in normal(t)] for t in range(1, 8)]
    for index, ours in enumerate(train(Adam(betas=betas, eps=eps))):
        by_hand = adam_by_hand(
            starts[index],
            [at_step[index] for at_step in gradients],
            multiple=0.5 if index == 2 else 1.0,
            betas=betas,
            eps=eps,
        )
        np.testing.assert_allclose(ours.numpy(), by_hand, rtol=1e-12, atol=1e-14)


def test_the_first_step_is_debiased_with_eps_outside_the_root() -> None:
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = Adam(eps=0.5).build(SETTING)([{"params": [weight], "multiple": 1.0}])
    step(optimizer, [torch.tensor([2.0], dtype=torch.float64)], rate=0.1)
    assert weight.item() == pytest.approx(-0.1 * 2 / (2 + 0.5), rel=1e-14)


def test_weights_do_not_decay() -> None:
    weight = nn.Parameter(torch.full((3,), 7.0))
    optimizer = Adam().build(SETTING)([{"params": [weight], "multiple": 1.0}])
    for _ in range(3):
        step(optimizer, [torch.zeros(3)], rate=0.1)
    assert torch.equal(weight, torch.full((3,), 7.0))


def test_nothing_changes_until_a_rate_is_set() -> None:
    weight = nn.Parameter(torch.ones(3))
    optimizer = Adam().build(SETTING)([{"params": [weight]}])
    weight.grad = torch.ones(3)
    optimizer.step()
    assert torch.equal(weight, torch.ones(3))


def test_single_precision_is_deterministic() -> None:
    first, second = (train(Adam(), dtype=torch.float32) for _ in range(2))
    assert all(map(torch.equal, first, second))


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    weights = [nn.Parameter(start) for start in normal(0, dtype=torch.float32)]
    optimizer = Adam().build(SETTING)([{"params": weights, "multiple": 1.0}])
    for update in (1, 2, 3):
        step(optimizer, normal(update, dtype=torch.float32), rate=1e-2)
    resumed = [nn.Parameter(weight.detach().clone()) for weight in weights]
    again = Adam().build(SETTING)([{"params": resumed, "multiple": 1.0}])
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one in (optimizer, again):
        step(one, normal(4, dtype=torch.float32), rate=1e-2)
    assert all(map(torch.equal, weights, resumed))


def test_a_transposed_weight_gets_its_own_gradient() -> None:
    """The fused step reads memory in order, so backward must leave the weight's own strides."""
    weight = nn.Parameter(torch.zeros(4, 3, dtype=torch.float64))
    optimizer = Adam(eps=1.0).build(SETTING)([{"params": [weight]}])
    coefficients = torch.arange(1.0, 13.0, dtype=torch.float64).view(3, 4)
    (weight.t() * coefficients).sum().backward()
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    gradient = coefficients.t()
    torch.testing.assert_close(weight.detach(), -gradient / (gradient + 1), rtol=1e-14, atol=0)


def test_parameter_groups_of_the_caller_are_not_modified() -> None:
    groups = [{"params": [nn.Parameter(torch.ones(1))]}]
    Adam().build(SETTING)(groups)
    assert list(groups[0]) == ["params"]


def test_betas_are_written_as_a_list() -> None:
    options = TypeAdapter(Adam).validate_json('{"betas": [0.9, 0.98], "eps": 1.0e-9}')
    assert options == Adam(betas=(0.9, 0.98), eps=1e-9)


@pytest.mark.parametrize(
    "options", ['{"betas": [0.9]}', '{"betas": [0.9, 1.0]}', '{"eps": 0.0}', '{"lr": 0.1}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Adam).validate_json(options)
