from __future__ import annotations

from dataclasses import replace

import pytest
from support import report_views
from support.report_views import Draws

from harness_figures.performance_profile import PerformanceProfile


def test_a_curve_is_the_share_of_runs_that_reach_each_score(draws: Draws) -> None:
    view = replace(report_views.view(variants=1), higher_is_better=True)
    (axes,) = draws(PerformanceProfile(), view).axes
    baseline, variant = axes.lines
    for line, name in ((baseline, "baseline"), (variant, "one")):
        scores = [report_views.score(name, seed=seed) for seed in (1, 2, 3)]
        shares = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for limit, share in shares.items():
            assert share == sum(score >= limit for score in scores) / 3
        assert set(scores) < set(shares)
        assert line.get_drawstyle() == "steps-pre"


def test_lower_scores_are_reached_from_above(draws: Draws) -> None:
    view = replace(report_views.view(variants=1), higher_is_better=False)
    (axes,) = draws(PerformanceProfile(), view).axes
    shares = list(axes.lines[0].get_ydata())
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


def test_a_run_that_diverged_reaches_no_score(draws: Draws) -> None:
    view = replace(report_views.view(variants=1, diverged=[("one", 2)]), higher_is_better=True)
    (axes,) = draws(PerformanceProfile(), view).axes
    assert max(axes.lines[1].get_ydata()) == pytest.approx(2 / 3)


def test_a_report_without_runs_is_drawn_empty(draws: Draws) -> None:
    view = replace(report_views.view(variants=1), runs=())
    (axes,) = draws(PerformanceProfile(), view).axes
    assert not axes.lines
