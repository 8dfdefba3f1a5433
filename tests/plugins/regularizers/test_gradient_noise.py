"""Held against scipy's normal distribution with the variance of the paper."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from harness.contracts import Setting
from harness_regularizers import GradientNoise

SETTING = Setting(seed=1, classes=1, d_model=1, updates=5)


def _noise(eta: float, update: int, *, gamma: float = 0.55, seed: int = 1) -> torch.Tensor:
    """The noise added to two gradients of ones."""
    parameters = [torch.nn.Parameter(torch.zeros(200, 250).double()) for _ in range(2)]
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    modify = GradientNoise(eta=eta, gamma=gamma).build(SETTING).modify_gradients
    assert modify is not None
    generator = torch.Generator().manual_seed(seed)
    modify(parameters, update=update, generator=generator)
    return torch.stack(
        [parameter.grad - 1 for parameter in parameters if parameter.grad is not None]
    )


@pytest.mark.parametrize(
    ("eta", "gamma", "update"), [(0.01, 0.55, 1), (1.0, 0.55, 2), (0.3, 0.55, 1000), (1.0, 1.0, 10)]
)
def test_noise_is_normal_with_the_variance_of_the_paper(
    eta: float, gamma: float, update: int
) -> None:
    deviation = (eta / (1 + (update - 1)) ** gamma) ** 0.5
    noise = _noise(eta, update, gamma=gamma).flatten().numpy()
    assert stats.kstest(noise, stats.norm(0, deviation).cdf).pvalue > 1e-4
    assert noise.std() == pytest.approx(deviation, rel=0.012)  # 5 standard errors of 100 000


def test_noise_of_different_gradients_is_uncorrelated() -> None:
    one, other = _noise(1.0, 1)
    assert abs(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]) < 0.025


def test_noise_depends_on_the_generator_alone() -> None:
    first = _noise(1.0, 3)
    torch.rand(3)
    assert torch.equal(_noise(1.0, 3), first)
    assert not torch.equal(_noise(1.0, 3, seed=2), first)


def test_an_eta_of_zero_adds_no_noise() -> None:
    assert GradientNoise(eta=0.0).build(SETTING).modify_gradients is None
