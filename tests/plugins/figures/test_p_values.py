from __future__ import annotations

from dataclasses import replace

import pytest
from scipy.stats import beta, ttest_rel
from support import report_views
from support.report_views import Draws

from harness.contracts import Design
from harness_figures.p_values import PValues

FOUR = report_views.view(variants=4)


def test_sorted_p_values_are_drawn_over_those_expected_by_chance(draws: Draws) -> None:
    (axes,) = draws(PValues(), FOUR).axes
    diagonal, marks = axes.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
    assert list(marks.get_xdata()) == [0.2, 0.4, 0.6, 0.8]
    assert list(marks.get_ydata()) == sorted(finding.p or 0 for finding in FOUR.findings)


def test_the_band_is_that_of_uniform_order_statistics(draws: Draws) -> None:
    (axes,) = draws(PValues(), FOUR).axes
    (band,) = axes.collections
    corners = {(round(x, 9), round(y, 9)) for x, y in band.get_paths()[0].vertices}
    for place in (1, 2, 3, 4):
        for q in (0.025, 0.975):
            corner = (round(place / 5, 9), round(float(beta.ppf(q, place, 5 - place)), 9))
            assert corner in corners
    # The smallest of k is above x with probability (1 - x)^k.
    assert (0.2, round(1 - 0.975**0.25, 9)) in corners


def test_disjoint_pairs_of_variants_that_change_nothing_have_open_marks(draws: Draws) -> None:
    view = replace(FOUR, design=Design(noise_floor=("one", "two", "three", "four")))
    (axes,) = draws(PValues(), view).axes
    *_, pairs = axes.lines
    scores = {
        name: [report_views.score(name, seed=seed) for seed in view.seeds] for name in view.variants
    }
    expected = [
        ttest_rel(scores["one"], scores["two"]).pvalue,
        ttest_rel(scores["three"], scores["four"]).pvalue,
    ]
    assert pairs.get_markerfacecolor() == "none"
    assert list(pairs.get_ydata()) == pytest.approx(sorted(expected))
    assert list(pairs.get_xdata()) == pytest.approx([1 / 3, 2 / 3])
