"""Held against the paper's formula at integer updates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError

from harness_schedules.slanted_triangular import SlantedTriangular

Rates = Callable[..., list[float]]


def paper_rates(*, updates: int, cut_frac: float, ratio: float, peak: float) -> list[float]:
    """Equation 3, line by line."""
    cut = int(updates * cut_frac)
    rates = []
    for t in range(1, updates + 1):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        rates.append(peak * (1 + p * (ratio - 1)) / ratio)
    return rates


@pytest.mark.parametrize(("updates", "cut_frac"), [(100, 0.1), (300, 0.1), (80, 0.25), (20, 0.5)])
def test_it_equals_the_paper_if_the_peak_is_at_an_integer_update(
    rates: Rates, updates: int, cut_frac: float
) -> None:
    ours = rates(SlantedTriangular(peak=0.02, cut=cut_frac, ratio=10.0), updates=updates)
    oracle = paper_rates(updates=updates, cut_frac=cut_frac, ratio=10.0, peak=0.02)
    assert ours == pytest.approx(oracle, rel=1e-9)


def test_it_ends_at_its_minimum_if_the_paper_turns_negative(rates: Rates) -> None:
    assert min(paper_rates(updates=19, cut_frac=0.1, ratio=32, peak=0.01)) < 0
    ours = rates(SlantedTriangular(), updates=19)
    assert min(ours) == ours[-1] == pytest.approx(0.01 / 32, rel=1e-12)


def test_the_defaults_are_those_of_the_paper(rates: Rates) -> None:
    assert SlantedTriangular() == SlantedTriangular(peak=0.01, cut=0.1, ratio=32.0)
    used = rates(SlantedTriangular(), updates=1000)
    assert used[99] == max(used) == 0.01
    assert used[-1] == pytest.approx(0.01 / 32, rel=1e-12)
    assert used[49] == pytest.approx(0.01 * (1 + 0.5 * 31) / 32, rel=1e-12)


@pytest.mark.parametrize("updates", [1, 2, 5])
def test_a_budget_too_short_for_a_rise_starts_at_the_peak(rates: Rates, updates: int) -> None:
    assert rates(SlantedTriangular(peak=0.3), updates=updates)[0] == pytest.approx(0.3, rel=1e-14)


@pytest.mark.parametrize("options", ['{"cut": 0.0}', '{"cut": 1.0}', '{"ratio": 0.5}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SlantedTriangular).validate_json(options)


@pytest.mark.parametrize(
    ("cut", "updates", "peak"), [(0.29, 100, 29), (0.7, 10, 7), (0.57, 200, 114)]
)
def test_the_peak_is_at_the_share_as_it_is_written(
    rates: Rates, cut: float, updates: int, peak: int
) -> None:
    found = rates(SlantedTriangular(peak=1.0, cut=cut), updates=updates)
    assert found.index(max(found)) + 1 == peak
