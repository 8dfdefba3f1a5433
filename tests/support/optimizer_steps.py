"""Steps of an optimizer as the training loop takes them, and assertions on them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from harness.components import Optimizer
from harness.contracts import Setting

SETTING = Setting(seed=1, classes=11, d_model=8, updates=10)
RATES = (1e-3, 5e-3, 2e-2, 1e-2, 0.0, 3e-3, 1e-3)
_SHAPES = ((3, 5), (7,), (17, 4))
_MULTIPLES = (1.0, 1.0, 0.5)

Numbers = NDArray[np.float64]
ByHand = Callable[[Numbers, Sequence[Numbers], Sequence[float]], Numbers]


def normal(update: int, *, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """The gradients of an update, drawn from N(0, 1); for update 0, the initial weights."""
    generator = torch.Generator().manual_seed(update)
    return [torch.randn(shape, generator=generator, dtype=dtype) for shape in _SHAPES]


def step(optimizer: torch.optim.Optimizer, gradients: list[Tensor], *, rate: float) -> None:
    """One step as in the training loop: set gradients and the rate of every group, then step."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    for group in optimizer.param_groups:
        group["lr"] = rate * group["multiple"]
    optimizer.step()


def train(optimizer: Optimizer, *, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Three parameters in two groups, after one step for every one of `RATES`."""
    parameters = [nn.Parameter(start) for start in normal(0, dtype=dtype)]
    groups = [
        {"params": parameters[:2], "multiple": 1.0},
        {"params": parameters[2:], "multiple": 0.5},
    ]
    built = optimizer.build(SETTING)(groups)
    for update, rate in enumerate(RATES, start=1):
        step(built, normal(update, dtype=dtype), rate=rate)
    return [parameter.detach() for parameter in parameters]


def assert_equals_by_hand(optimizer: Optimizer, *, by_hand: ByHand) -> None:
    """Compare the weights with `by_hand(weight, gradients, rates)` in double precision."""
    starts = [start.numpy() for start in normal(0)]
    gradients = [[gradient.numpy() for gradient in normal(t)] for t in range(1, len(RATES) + 1)]
    for index, ours in enumerate(train(optimizer)):
        rates = [_MULTIPLES[index] * rate for rate in RATES]
        theirs = by_hand(starts[index], [gradient[index] for gradient in gradients], rates)
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12, atol=1e-14)


def assert_resumes_from_checkpoint(optimizer: Optimizer) -> None:
    """Steps are deterministic, and one after a checkpoint equals one without, bit for bit."""
    first, second = (train(optimizer, dtype=torch.float32) for _ in range(2))
    assert all(map(torch.equal, first, second))
    weights = [nn.Parameter(start) for start in normal(0, dtype=torch.float32)]
    built = optimizer.build(SETTING)([{"params": weights, "multiple": 1.0}])
    for update in (1, 2, 3):
        step(built, normal(update, dtype=torch.float32), rate=1e-2)
    resumed = [nn.Parameter(weight.detach().clone()) for weight in weights]
    again = optimizer.build(SETTING)([{"params": resumed, "multiple": 1.0}])
    again.load_state_dict(copy.deepcopy(built.state_dict()))
    for copied in (built, again):
        step(copied, normal(4, dtype=torch.float32), rate=1e-2)
    assert all(map(torch.equal, weights, resumed))


def assert_requires_rate_and_gradient(optimizer: Optimizer) -> None:
    """Without a rate no weight changes, and a parameter without a gradient never does."""
    moved, frozen = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    built = optimizer.build(SETTING)([{"params": [moved, frozen]}])
    moved.grad = torch.ones(3)
    built.step()
    assert torch.equal(moved, torch.ones(3))
    built.param_groups[0]["lr"] = 0.1
    built.step()
    assert not torch.equal(moved, torch.ones(3))
    assert torch.equal(frozen, torch.ones(3))
