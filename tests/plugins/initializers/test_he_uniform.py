"""Held against torch.nn.init and scipy's uniform distribution."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness_initializers.he_uniform import HeUniform

Initialized = Callable[..., dict[str, Tensor]]
NAME = "encoder.0.feed_forward.inner.weight"


def test_a_matrix_equals_torch_with_the_generator_of_its_name(initialized: Initialized) -> None:
    drawn_from = streams.generator(3, "init", NAME)
    oracle = nn.init.kaiming_uniform_(
        torch.empty(64, 16), nonlinearity="relu", generator=drawn_from
    )
    assert torch.equal(initialized(HeUniform(), {NAME: (64, 16)})[NAME], oracle)


@pytest.mark.parametrize("shape", [(96, 96), (64, 256), (256, 64)])
def test_a_matrix_is_uniform_with_bound_sqrt_6_over_its_inputs(
    initialized: Initialized, shape: tuple[int, int]
) -> None:
    values = initialized(HeUniform(), {NAME: shape})[NAME].double().flatten()
    bound = math.sqrt(6 / shape[1])
    assert 0.999 * bound < values.abs().max() <= bound * (1 + 1e-6)
    assert stats.kstest(values.numpy(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


def test_the_bound_is_sqrt_6_times_that_of_a_linear_layer_in_torch(
    initialized: Initialized,
) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(128, 128).weight.detach().abs().max()
    ours = initialized(HeUniform(), {NAME: (128, 128)})[NAME].abs().max()
    assert (ours / linear).item() == pytest.approx(math.sqrt(6), rel=1e-3)


def test_normalizations_are_the_identity_and_biases_0(initialized: Initialized) -> None:
    shapes = {"encoder_norm.weight": (8,), "encoder_norm.bias": (8,), "projection.bias": (8,)}
    values = initialized(HeUniform(), shapes)
    assert [value.unique().tolist() for value in values.values()] == [[1.0], [0.0], [0.0]]
