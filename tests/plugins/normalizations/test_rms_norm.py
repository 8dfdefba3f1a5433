"""Held against the root mean square of Zhang and Sennrich, written out, and transformers' Llama."""

from __future__ import annotations

import pytest
import torch

from harness_normalizations.rms_norm import RmsNorm

VECTORS = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
WEIGHT = torch.tensor([1.0, 2, -1, 0.5, 0], dtype=torch.float64)


def test_every_vector_is_scaled_by_its_own_root_mean_square() -> None:
    norm = RmsNorm(eps=0.1).build(5, bias=False).double()
    norm.weight.data = WEIGHT
    for vector, normalized in zip(VECTORS.flatten(0, 1), norm(VECTORS).flatten(0, 1), strict=True):
        expected = vector / ((vector**2).sum() / 5 + 0.1) ** 0.5 * WEIGHT
        torch.testing.assert_close(normalized, expected, rtol=0, atol=1e-14)


def test_it_is_that_of_llama() -> None:
    modeling = pytest.importorskip("transformers.models.llama.modeling_llama")
    ours, theirs = RmsNorm().build(5, bias=False), modeling.LlamaRMSNorm(5)
    ours.weight.data = theirs.weight.data = WEIGHT.float()
    vectors = VECTORS.float() * 1e-3  # so small that `eps` counts
    torch.testing.assert_close(ours(vectors), theirs(vectors), rtol=0, atol=1e-6)


def test_it_has_no_bias_to_begin_with() -> None:
    names = [name for name, _ in RmsNorm().build(5, bias=True).named_parameters()]
    assert names == ["weight"]
    assert RmsNorm().parameters(5, bias=True) == 5
