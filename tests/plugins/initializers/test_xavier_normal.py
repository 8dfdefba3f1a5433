"""Held against torch.nn.init and scipy's normal distribution."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness_initializers.xavier_normal import XavierNormal

Initialized = Callable[..., dict[str, Tensor]]
NAME = "encoder.0.feed_forward.inner.weight"


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_a_matrix_equals_torch_with_the_generator_of_its_name(
    initialized: Initialized, gain: float
) -> None:
    drawn_from = streams.generator(3, "init", NAME)
    oracle = nn.init.xavier_normal_(torch.empty(64, 16), gain=gain, generator=drawn_from)
    assert torch.equal(initialized(XavierNormal(gain=gain), {NAME: (64, 16)})[NAME], oracle)


@pytest.mark.parametrize("shape", [(96, 96), (64, 256), (400, 64)])
def test_a_matrix_is_normal_with_the_variance_of_xavier_uniform(
    initialized: Initialized, shape: tuple[int, int]
) -> None:
    values = initialized(XavierNormal(gain=0.5), {NAME: shape})[NAME].double().flatten()
    std = 0.5 * math.sqrt(6 / sum(shape)) / math.sqrt(3)
    assert stats.kstest(values.numpy(), stats.norm(0, std).cdf).pvalue > 1e-3
    assert values.std().item() == pytest.approx(std, rel=0.03)


def test_normalizations_are_the_identity_and_biases_0(initialized: Initialized) -> None:
    shapes = {"encoder_norm.weight": (8,), "encoder_norm.bias": (8,), "projection.bias": (8,)}
    values = initialized(XavierNormal(), shapes)
    assert [value.unique().tolist() for value in values.values()] == [[1.0], [0.0], [0.0]]
