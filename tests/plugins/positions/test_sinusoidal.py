"""Held against the formula of Vaswani et al., place by place."""

from __future__ import annotations

import math

import torch

from harness.components.positions import PlaceCode, Places
from harness.components.sinusoidal import Sinusoidal, sinusoids

CPU = torch.device("cpu")


def code(d_model: int = 6) -> PlaceCode:
    return Sinusoidal().build(d_model, heads=1)


def add(code: PlaceCode, vectors: torch.Tensor, *, first: int = 0) -> torch.Tensor:
    return code.embed(vectors, places=Places.run(vectors.shape[1], first=first, device=CPU))


def test_even_columns_are_sines_and_odd_ones_cosines_of_the_paper() -> None:
    table = sinusoids(7, d_model=6)
    for place in range(7):
        for column in range(3):
            angle = place / 10000 ** (2 * column / 6)
            assert math.isclose(table[place, 2 * column], math.sin(angle), abs_tol=1e-15)
            assert math.isclose(table[place, 2 * column + 1], math.cos(angle), abs_tol=1e-15)


def test_places_are_counted_from_zero_or_from_the_first() -> None:
    zeros = torch.zeros(2, 3, 6, dtype=torch.float64)
    positions = code()
    assert torch.equal(add(positions, zeros)[1], sinusoids(3, d_model=6))
    assert torch.equal(add(positions, zeros, first=4)[1], sinusoids(7, d_model=6)[4:])


def test_no_length_is_too_long_and_growing_changes_nothing() -> None:
    positions = code()
    short, long = (torch.zeros(1, places, 6, dtype=torch.float64) for places in (3, 1000))
    before = add(positions, short)
    assert add(positions, long).shape == (1, 1000, 6)
    assert torch.equal(add(positions, short), before)
    assert torch.equal(add(code(), long)[:, :3], before)


def test_sinusoids_are_rounded_once_from_float64() -> None:
    positions = code()
    add(positions, torch.zeros(1, 300, 6))  # a table in float32, which must not be widened
    doubled = add(positions, torch.zeros(1, 300, 6, dtype=torch.float64))
    assert torch.equal(doubled[0], sinusoids(300, d_model=6))
    assert torch.equal(add(positions, torch.zeros(1, 300, 6))[0], sinusoids(300, d_model=6).float())


def test_a_table_made_in_inference_serves_training() -> None:
    positions = code()
    with torch.inference_mode():
        add(positions, torch.zeros(1, 3, 6))
    embedded = torch.ones(1, 3, 6, requires_grad=True)
    add(positions, embedded).square().sum().backward()
    torch.testing.assert_close(embedded.grad, 2 * (1 + sinusoids(3, d_model=6).float())[None])
