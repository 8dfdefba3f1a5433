"""Held against the mean and the variance of Ba et al., written out."""

from __future__ import annotations

import torch

from harness.components.layer_norm import LayerNorm


def test_every_vector_is_centered_and_scaled_by_its_own_deviation() -> None:
    vectors = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    norm = LayerNorm(eps=0.1).build(5, bias=True).double()
    norm.weight.data, norm.bias.data = torch.arange(5.0).double(), torch.arange(5.0).double() - 2
    for vector, normalized in zip(vectors.flatten(0, 1), norm(vectors).flatten(0, 1), strict=True):
        centered = vector - vector.sum() / 5
        deviation = ((centered**2).sum() / 5 + 0.1) ** 0.5
        expected = centered / deviation * norm.weight + norm.bias
        torch.testing.assert_close(normalized, expected, rtol=0, atol=1e-14)


def test_without_a_bias_it_has_a_weight_alone() -> None:
    assert [name for name, _ in LayerNorm().build(5, bias=False).named_parameters()] == ["weight"]
    assert (LayerNorm().parameters(5, bias=False), LayerNorm().parameters(5, bias=True)) == (5, 10)
