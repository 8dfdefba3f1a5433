from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest
from support import report_views
from support.report_views import Draws

from harness.contracts import Design, Factorial, ReportView
from harness_figures.interactions import Interactions

CELLS = {
    "baseline": {"A": "baseline", "B": "baseline"},
    "one": {"A": "high", "B": "baseline"},
    "two": {"A": "baseline", "B": "low"},
    "three": {"A": "high", "B": "low"},
}
LEVELS = {"A": ("baseline", "high"), "B": ("baseline", "low")}


def crossed(**changes: object) -> ReportView:
    view = report_views.view(variants=3, **changes)  # type: ignore[arg-type]  # as report_views.view takes them
    return replace(view, design=Design(factorial=Factorial(factors=LEVELS, cells=CELLS)))


def test_a_line_is_a_level_of_one_factor_over_the_levels_of_the_other(draws: Draws) -> None:
    (axes,) = draws(Interactions(), crossed()).axes
    lines = {line.get_label(): line for line in axes.lines if line.get_marker() != "."}
    for level, cells in (("baseline", ("baseline", "one")), ("low", ("two", "three"))):
        means = [fmean(report_views.score(cell, seed=seed) for seed in (1, 2, 3)) for cell in cells]
        assert list(lines[level].get_ydata()) == pytest.approx(means)
    assert axes.get_xlabel() == "A"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["baseline", "high"]
    assert axes.get_legend().get_title().get_text() == "B"


def test_a_mark_averages_cells_for_seeds_that_all_of_them_have(draws: Draws) -> None:
    cells = {f"{name}-{c}": {**own, "C": c} for name, own in CELLS.items() for c in ("x", "y")}
    names = dict(zip(cells, ["baseline", *report_views.NAMES[:7]], strict=True))
    factorial = Factorial(
        factors={**LEVELS, "C": ("x", "y")},
        cells={names[name]: own for name, own in cells.items()},
    )
    view = replace(
        report_views.view(variants=7, diverged=[("one", 2)]), design=Design(factorial=factorial)
    )
    panels = draws(Interactions(), view).axes
    assert len([axes for axes in panels if axes.axison]) == 3
    first = panels[0]  # A against B, each mark the mean over C: the baseline and "one"
    dots = [list(line.get_ydata()) for line in first.lines if line.get_marker() == "."]
    assert dots[0] == pytest.approx(
        [
            (report_views.score("baseline", seed=seed) + report_views.score("one", seed=seed)) / 2
            for seed in (1, 3)
        ]
    )
    assert [len(scores) for scores in dots] == [2, 3, 3, 3]


def test_a_study_without_factors_has_a_note_instead(draws: Draws) -> None:
    (axes,) = draws(Interactions(), report_views.view()).axes
    assert [text.get_text() for text in axes.texts] == ["no factors are crossed"]
