"""Held against torch.nn.init, scipy's normal distribution and the mean square after ReLUs."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness_initializers.he_normal import HeNormal

Initialized = Callable[..., dict[str, Tensor]]
NAME = "encoder.0.feed_forward.inner.weight"


def test_a_matrix_equals_torch_with_the_generator_of_its_name(initialized: Initialized) -> None:
    drawn_from = streams.generator(3, "init", NAME)
    oracle = nn.init.kaiming_normal_(torch.empty(64, 16), nonlinearity="relu", generator=drawn_from)
    assert torch.equal(initialized(HeNormal(), {NAME: (64, 16)})[NAME], oracle)


@pytest.mark.parametrize("shape", [(96, 96), (64, 256), (256, 64)])
def test_a_matrix_is_normal_with_variance_2_over_its_inputs(
    initialized: Initialized, shape: tuple[int, int]
) -> None:
    values = initialized(HeNormal(), {NAME: shape})[NAME].double().flatten()
    std = math.sqrt(2 / shape[1])
    assert stats.kstest(values.numpy(), stats.norm(0, std).cdf).pvalue > 1e-3
    assert values.std().item() == pytest.approx(std, rel=0.03)


def test_the_mean_square_is_preserved_through_relus(initialized: Initialized) -> None:
    """Ten layers of 512 units; Xavier's law would leave a thousandth."""
    shapes = {f"{layer}.weight": (512, 512) for layer in range(10)}
    x = torch.randn(64, 512, generator=torch.Generator().manual_seed(0))
    for weight in initialized(HeNormal(), shapes).values():
        x = (x @ weight.t()).relu()
    assert 0.5 < (x**2).mean().item() < 2.0


def test_normalizations_are_the_identity_and_biases_0(initialized: Initialized) -> None:
    shapes = {"encoder_norm.weight": (8,), "encoder_norm.bias": (8,), "projection.bias": (8,)}
    values = initialized(HeNormal(), shapes)
    assert [value.unique().tolist() for value in values.values()] == [[1.0], [0.0], [0.0]]
