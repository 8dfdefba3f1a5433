"""Held against torch.nn.init and scipy's truncated normal distribution."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness_initializers.truncated_normal import TruncatedNormal

Initialized = Callable[..., dict[str, Tensor]]
NAME = "encoder.0.feed_forward.inner.weight"


@pytest.mark.parametrize(("std", "cut"), [(0.02, 2.0), (0.5, 1.0)])
def test_a_matrix_has_the_truncated_normal_distribution_of_scipy(
    initialized: Initialized, std: float, cut: float
) -> None:
    values = initialized(TruncatedNormal(std=std, cut=cut), {NAME: (128, 96)})[NAME]
    values = values.double().flatten()
    law = stats.truncnorm(-cut, cut, scale=std)
    assert 0.98 * cut * std < values.abs().max() <= cut * std * (1 + 1e-6)
    assert stats.kstest(values.numpy(), law.cdf).pvalue > 1e-3
    assert values.std().item() == pytest.approx(law.std(), rel=0.03)


def test_a_matrix_equals_torch_with_the_generator_of_its_name(initialized: Initialized) -> None:
    drawn_from = streams.generator(3, "init", NAME)
    oracle = nn.init.trunc_normal_(
        torch.empty(64, 16), std=0.02, a=-0.04, b=0.04, generator=drawn_from
    )
    assert torch.equal(initialized(TruncatedNormal(), {NAME: (64, 16)})[NAME], oracle)


def test_truncation_lowers_the_standard_deviation_to_0_88() -> None:
    assert stats.truncnorm(-2, 2).std() == pytest.approx(0.880, abs=5e-4)
    assert TruncatedNormal() == TruncatedNormal(std=0.02, cut=2.0)
    assert math.isclose(stats.norm.cdf(2) - stats.norm.cdf(-2), 0.9545, abs_tol=5e-5)


def test_normalizations_are_the_identity_and_biases_0(initialized: Initialized) -> None:
    shapes = {"encoder_norm.weight": (8,), "encoder_norm.bias": (8,), "projection.bias": (8,)}
    values = initialized(TruncatedNormal(), shapes)
    assert [value.unique().tolist() for value in values.values()] == [[1.0], [0.0], [0.0]]
