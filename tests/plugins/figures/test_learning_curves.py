from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import report_views
from support.report_views import Draws

from harness.contracts import Measurement
from harness_figures.learning_curves import LearningCurves

THICK, THIN = 2, 0.6


def test_thin_lines_are_seeds_and_the_thick_one_is_their_mean(draws: Draws) -> None:
    (axes,) = draws(LearningCurves(), report_views.view(variants=1)).axes
    thick = [line for line in axes.lines if line.get_linewidth() == THICK]
    thin = [line for line in axes.lines if line.get_linewidth() == THIN]
    assert [line.get_label() for line in thick] == ["one", "baseline"]  # the last is on top
    for variant, mean in zip(("one", "baseline"), thick, strict=True):
        seeds = [
            [report_views.nll(variant, seed=seed, update=update) for update in report_views.UPDATES]
            for seed in (1, 2, 3)
        ]
        drawn = [list(line.get_ydata()) for line in thin if line.get_color() == mean.get_color()]
        assert drawn == seeds
        assert list(mean.get_xdata()) == list(report_views.UPDATES)
        assert list(mean.get_ydata()) == pytest.approx(np.mean(seeds, axis=0))


def test_a_mean_ends_where_a_seed_ends_and_a_cross_marks_divergence(draws: Draws) -> None:
    (axes,) = draws(LearningCurves(), report_views.view(variants=1, diverged=[("one", 2)])).axes
    (mean,) = [line for line in axes.lines if line.get_label() == "one"]
    assert list(mean.get_xdata()) == [0, 10]
    (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
    assert list(cross.get_xdata()) == [10]
    assert list(cross.get_ydata()) == [report_views.nll("one", seed=2, update=10)]


def test_values_that_are_not_finite_are_omitted(draws: Draws) -> None:
    view = report_views.view(variants=0, seeds=1)
    bad = [Measurement(40, "validation", "nll", value) for value in (float("inf"), float("nan"))]
    run = replace(view.runs[0], validation=(*view.runs[0].validation, *bad))
    (axes,) = draws(LearningCurves(), replace(view, runs=(run,))).axes
    assert {len(line.get_xdata()) for line in axes.lines} == {4}
