from __future__ import annotations

import typing
from dataclasses import replace

import pytest
from support import report_views
from support.report_views import Draws

from harness.contracts import Verdict
from harness_figures.forest import Forest


def test_a_row_has_the_difference_its_interval_and_its_seeds(draws: Draws) -> None:
    view = report_views.view()
    (axes,) = draws(Forest(), view).axes
    zero, *lines = axes.lines
    assert list(zero.get_xdata()) == [0, 0]
    for row, finding in enumerate(view.findings):
        seeds, interval, mean = lines[3 * row : 3 * row + 3]
        expected = [
            report_views.score(finding.variant, seed=seed)
            - report_views.score("baseline", seed=seed)
            for seed in view.seeds
        ]
        assert list(seeds.get_xdata()) == pytest.approx(expected)
        assert list(interval.get_xdata()) == [finding.interval_low, finding.interval_high]
        assert list(mean.get_xdata()) == pytest.approx([sum(expected) / 3])
        assert list(mean.get_ydata()) == list(interval.get_ydata())[:1] == [row]


def test_the_axis_includes_zero_and_every_interval(draws: Draws) -> None:
    view = report_views.view()
    (axes,) = draws(Forest(), view).axes
    low, high = axes.get_xlim()
    assert low < min(finding.interval_low or 0 for finding in view.findings) < 0 < high


def test_a_verdict_is_a_word_and_a_shape_as_well_as_a_color(draws: Draws) -> None:
    finding = report_views.view(variants=1).findings[0]
    verdicts = typing.get_args(Verdict)
    findings = tuple(replace(finding, verdict=verdict) for verdict in verdicts)
    (axes,) = draws(Forest(), replace(report_views.view(), findings=findings)).axes
    assert [text.get_text() for text in axes.texts] == [
        *("better", "worse", "higher", "lower"),
        *("equivalent", "inconclusive", "identical", "no inference"),
    ]
    shapes = [line.get_marker() for line in axes.lines[3::3]]
    # Up and down have two colors, and no study has both: the metric has a direction or has none.
    assert shapes[:2] == shapes[2:4]
    assert len(set(shapes[2:])) == len(shapes[2:]) == 6


def test_the_axis_names_the_better_direction(draws: Draws) -> None:
    for higher, direction in (
        *((True, "\nhigher is better →"), (False, "\n← lower is better")),
        (None, "\nno direction is better"),
    ):
        (axes,) = draws(Forest(), replace(report_views.view(), higher_is_better=higher)).axes
        assert axes.get_xlabel().endswith(direction)
