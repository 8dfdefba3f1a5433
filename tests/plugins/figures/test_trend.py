from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import pytest
from support import report_views
from support.report_views import Draws

from harness.contracts import Design, Level, ReportView, Sweep
from harness_figures.trend import Trend


def sweep(values: Sequence[object], *, own: int | None = 1) -> ReportView:
    """Three values of one option; the baseline has the one at place `own`, if any."""
    view = report_views.view(variants=3 if own is None else 2)
    others = [name for name in view.variants if name != "baseline"]
    names = [("baseline" if place == own else others.pop(0)) for place in range(3)]
    levels = tuple(map(Level, values, names))
    return replace(view, design=Design(sweep=Sweep(option="schedule.noam.warmup", levels=levels)))


def test_dots_are_seeds_and_the_line_goes_through_their_means(draws: Draws) -> None:
    view = sweep([0.2, 0.1, 0.3])
    (axes,) = draws(Trend(), view).axes
    dots = [line for line in axes.lines if line.get_marker() == "."]
    (mean,) = [line for line in axes.lines if line.get_marker() == "D"]
    means = []
    for line, (place, variant) in zip(
        dots, [(0.1, "baseline"), (0.2, "one"), (0.3, "two")], strict=True
    ):
        scores = [report_views.score(variant, seed=seed) for seed in (1, 2, 3)]
        assert list(line.get_xdata()) == [place] * 3
        assert list(line.get_ydata()) == scores
        means.append(fmean(scores))
    assert list(mean.get_xdata()) == [0.1, 0.2, 0.3]
    assert list(mean.get_ydata()) == pytest.approx(means)
    assert axes.get_xlabel() == "schedule.noam.warmup"


def test_the_baseline_is_a_ring_in_the_sweep_or_a_dashed_line_outside(
    draws: Draws,
) -> None:
    mean = fmean(report_views.score("baseline", seed=seed) for seed in (1, 2, 3))
    (axes,) = draws(Trend(), sweep([1, 2, 3])).axes
    (ring,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([2], [pytest.approx(mean)])
    (axes,) = draws(Trend(), sweep([1, 2, 3], own=None)).axes
    assert not [line for line in axes.lines if line.get_marker() == "o"]
    assert list(axes.lines[-1].get_ydata()) == pytest.approx([mean, mean])


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 9], "linear"),
        ([1e-4, 1e-3, 1e-2], "log"),
        ([0, 1e-3, 1e-2], "symlog"),
        ([-1, 1, 100], "linear"),
        (["small", "large", "off"], "linear"),
        ([True, False, None], "linear"),
    ],
)
def test_values_that_span_decades_have_a_logarithmic_axis(
    draws: Draws, values: Sequence[object], scale: str
) -> None:
    (axes,) = draws(Trend(), sweep(values)).axes
    assert axes.get_xscale() == scale


def test_ticks_are_labeled_with_the_values(draws: Draws) -> None:
    def names(values: Sequence[object]) -> list[str]:
        (axes,) = draws(Trend(), sweep(values)).axes
        return [label.get_text() for label in axes.get_xticklabels()]

    assert names([1e-05, 0.5, 100.0]) == ["1e-05", "0.5", "100"]
    assert names(["off", {"a": 1}, 2]) == ["off", "baseline", "2"]


def test_a_study_without_a_sweep_has_a_note_instead(draws: Draws) -> None:
    (axes,) = draws(Trend(), report_views.view()).axes
    assert [text.get_text() for text in axes.texts] == ["no option is swept"]
