"""Held against scipy's normal distribution with the variance of the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest
import torch
from scipy import stats
from support.tiny_experiment import experiment, weights

from harness.components import Regularizer
from harness.contracts import Model, Parameters, Regularization, Setting
from harness.testing.fixtures import NOISE
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_optimizers.sgd import SGD
from harness_regularizers import GradientNoise

SETTING = Setting(seed=1, classes=1, d_model=1, updates=5)
NAMES = ("source_embedding.weight", "projection.weight")


def _noise(
    eta: float, update: int, *, gamma: float = 0.55, seed: int = 1, names: tuple[str, ...] = NAMES
) -> Mapping[str, torch.Tensor]:
    """The noise added to gradients of ones, by name."""
    parameters = {name: torch.nn.Parameter(torch.zeros(200, 250).double()) for name in names}
    for parameter in parameters.values():
        parameter.grad = torch.ones_like(parameter)
    modify = GradientNoise(eta=eta, gamma=gamma).build(SETTING).modify_gradients
    assert modify is not None
    modify(parameters, update=update, generator=replace(NOISE, seed=seed, update=update).generator)
    return {
        name: parameter.grad - 1
        for name, parameter in parameters.items()
        if parameter.grad is not None
    }


def _stacked(noise: Mapping[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack([values.flatten() for values in noise.values()])


@pytest.mark.parametrize(
    ("eta", "gamma", "update"), [(0.01, 0.55, 1), (1.0, 0.55, 2), (0.3, 0.55, 1000), (1.0, 1.0, 10)]
)
def test_noise_is_normal_with_the_variance_of_the_paper(
    eta: float, gamma: float, update: int
) -> None:
    deviation = (eta / (1 + (update - 1)) ** gamma) ** 0.5
    noise = _stacked(_noise(eta, update, gamma=gamma)).flatten().numpy()
    assert stats.kstest(noise, stats.norm(0, deviation).cdf).pvalue > 1e-4
    assert noise.std() == pytest.approx(deviation, rel=0.012)  # 5 standard errors of 100 000


def test_noise_of_parameters_of_one_shape_is_uncorrelated() -> None:
    assert abs(torch.corrcoef(_stacked(_noise(1.0, 1)))[0, 1]) < 0.025


def test_noise_of_a_parameter_does_not_depend_on_the_others() -> None:
    both = _noise(1.0, 3)
    for name in NAMES:
        assert torch.equal(_noise(1.0, 3, names=(name,))[name], both[name])
    swapped = _noise(1.0, 3, names=("another.weight", *reversed(NAMES)))
    assert all(torch.equal(swapped[name], both[name]) for name in NAMES)


def test_noise_depends_on_seed_and_update_and_on_no_global_generator() -> None:
    first = _noise(1.0, 3)
    torch.rand(3)
    assert torch.equal(_stacked(_noise(1.0, 3)), _stacked(first))
    for other in (_noise(1.0, 3, seed=2), _noise(1.0, 4)):
        both = torch.stack([first[NAMES[0]].flatten(), other[NAMES[0]].flatten()])
        correlation = torch.corrcoef(both)[0, 1]
        assert abs(correlation) < 0.025


@dataclass(frozen=True, kw_only=True)
class NoGradient(Regularizer):
    """Sets gradients to 0, so that nothing but noise moves the weights, and can freeze some."""

    name = "no_gradient"

    frozen: tuple[str, ...] = ()

    def build(self, setting: Setting) -> Regularization:
        return Regularization(modify_model=self._freeze, modify_gradients=self._zero)

    def _freeze(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in self.frozen)

    def _zero(
        self, parameters: Parameters, *, update: int, generator: Callable[[str], torch.Generator]
    ) -> None:
        for parameter in parameters.values():
            assert parameter.grad is not None
            parameter.grad.zero_()


def _moved_by_noise(*frozen: str) -> dict[str, torch.Tensor]:
    """The weights after two updates by noise alone."""
    regularizers = {"no_gradient": NoGradient(frozen=frozen), "gradient_noise": GradientNoise()}
    parts = assemble(experiment(optimizer=SGD(), regularizers=regularizers), seed=1)
    updates = train(parts)
    for _ in range(3):  # the first is the evaluation before any update
        next(updates)
    return dict(weights(parts))


def test_freezing_a_parameter_changes_the_noise_of_no_other() -> None:
    all_moved = _moved_by_noise()
    first, *_, last = all_moved
    moved = _moved_by_noise(first)
    assert not torch.equal(moved.pop(first), all_moved[first])
    assert last in moved
    assert all(torch.equal(weight, all_moved[name]) for name, weight in moved.items())


def test_an_eta_of_zero_adds_no_noise() -> None:
    assert GradientNoise(eta=0.0).build(SETTING).modify_gradients is None
