"""Held against the slopes that Press et al. print, and transformers' BLOOM."""

from __future__ import annotations

import pytest
import torch

from harness.components.positions import Places
from harness_positions.alibi import Alibi, slopes

CPU = torch.device("cpu")


def test_the_slopes_of_8_heads_are_halves_of_one_another() -> None:
    assert slopes(8) == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    assert slopes(1) == [1 / 256]


@pytest.mark.parametrize("heads", [1, 2, 3, 4, 6, 12, 16, 20])
def test_the_slopes_are_those_of_bloom(heads: int) -> None:
    modeling = pytest.importorskip("transformers.models.bloom.modeling_bloom")
    theirs = modeling.build_alibi_tensor(torch.ones(1, 2), heads, torch.float64)
    ours = torch.tensor(slopes(heads), dtype=torch.float64)
    torch.testing.assert_close(ours, theirs[:, 0, 1], rtol=1e-6, atol=0)


def test_a_score_falls_with_the_distance_on_either_side() -> None:
    code = Alibi().build(8, heads=2)
    queries, keys = Places.run(2, first=3, device=CPU), Places.run(5, device=CPU)
    bias = code.bias(queries, keys=keys)
    distances = torch.tensor([[3.0, 2, 1, 0, 1], [4, 3, 2, 1, 0]], dtype=torch.float64)
    expected = torch.stack([-distances / 16, -distances / 256])[None]
    assert torch.equal(bias, expected)
