"""Held against torch.nn.init and scipy's normal distribution."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness_initializers.normal import Normal

Initialized = Callable[..., dict[str, Tensor]]
NAME = "encoder.0.feed_forward.inner.weight"


@pytest.mark.parametrize("std", [1.0, 0.02])
def test_a_matrix_equals_torch_with_the_generator_of_its_name(
    initialized: Initialized, std: float
) -> None:
    drawn_from = streams.generator(3, "init", NAME)
    oracle = nn.init.normal_(torch.empty(64, 16), std=std, generator=drawn_from)
    assert torch.equal(initialized(Normal(std=std), {NAME: (64, 16)})[NAME], oracle)


@pytest.mark.parametrize("shape", [(96, 96), (64, 256)])
def test_a_matrix_of_any_shape_is_standard_normal(
    initialized: Initialized, shape: tuple[int, int]
) -> None:
    values = initialized(Normal(), {NAME: shape})[NAME].double().flatten()
    assert stats.kstest(values.numpy(), stats.norm(0, 1).cdf).pvalue > 1e-3


def test_it_multiplies_variance_by_the_number_of_inputs(initialized: Initialized) -> None:
    x = torch.randn(200, 256, generator=torch.Generator().manual_seed(0))
    y = x @ initialized(Normal(), {NAME: (256, 256)})[NAME].t()
    assert y.var().item() == pytest.approx(256, rel=0.05)


def test_normalizations_are_the_identity_and_biases_0(initialized: Initialized) -> None:
    shapes = {"encoder_norm.weight": (8,), "encoder_norm.bias": (8,), "projection.bias": (8,)}
    values = initialized(Normal(), shapes)
    assert [value.unique().tolist() for value in values.values()] == [[1.0], [0.0], [0.0]]
