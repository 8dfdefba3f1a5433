"""Held against Su et al.'s product with complex numbers."""

from __future__ import annotations

import cmath

import pytest
import torch

from harness.components.positions import Places
from harness_models.encoder_decoder import EncoderDecoder
from harness_positions.rotary import Rotary

CPU = torch.device("cpu")
VECTORS = torch.randn(2, 3, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("base", [10000.0, 50.0])
def test_each_pair_is_a_complex_number_turned_by_its_place(base: float) -> None:
    turn = Rotary(base=base).build(18, heads=3).turn(Places.run(5, first=2000, device=CPU))
    turned = turn(VECTORS)
    for place in range(5):
        for pair in range(3):
            angle = (2000 + place) * base ** (-2 * pair / 6)
            real, imaginary = VECTORS[1, 2, place, 2 * pair : 2 * pair + 2].tolist()
            expected = complex(real, imaginary) * cmath.exp(1j * angle)
            got = complex(*turned[1, 2, place, 2 * pair : 2 * pair + 2].tolist())
            assert cmath.isclose(got, expected, abs_tol=1e-12)


def test_a_score_depends_on_the_distance_alone() -> None:
    code = Rotary().build(18, heads=3)
    scores = [
        code.turn(Places.run(5, first=first, device=CPU))(VECTORS)[:, :, 0]
        @ code.turn(Places.run(5, first=first, device=CPU))(VECTORS)[:, :, 4].transpose(-2, -1)
        for first in (0, 1234)
    ]
    torch.testing.assert_close(*scores, rtol=0, atol=1e-10)


def test_sentences_may_have_places_of_their_own() -> None:
    code = Rotary().build(18, heads=3)
    own = torch.stack([torch.arange(5), torch.arange(7, 12)])
    turned = code.turn(Places(own, 12))(VECTORS)
    alone = code.turn(Places.run(5, first=7, device=CPU))(VECTORS[1:])
    assert torch.equal(turned[1:], alone)


def test_a_head_with_an_odd_number_of_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"even number of dimensions in a head, got 3 \(d_model 6"):
        EncoderDecoder(d_model=6, heads=2, positions=Rotary())
