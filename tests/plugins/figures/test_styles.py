from __future__ import annotations

import re
from dataclasses import replace

from matplotlib.figure import Figure as Drawn
from support import report_views
from support.report_views import Draws

from harness.contracts import ReportView
from harness_figures.cost import Cost
from harness_figures.learning_curves import LearningCurves
from harness_figures.slopes import Slopes
from harness_figures.styles import variant_styles


def test_no_two_variants_look_alike() -> None:
    marks = [style[:2] for style in variant_styles([f"v{n}" for n in range(73)]).values()]
    assert len(set(marks)) == 73
    lines = [(s.color, s.dashes) for s in variant_styles([f"v{n}" for n in range(49)]).values()]
    assert len(set(lines)) == 49


def long_names(view: ReportView) -> ReportView:
    """The report with names of seventy characters, which differ at their ends."""
    names = {name: f"{name}-{'x' * 60}-{name}" for name in view.variants[1:]}
    return replace(
        view,
        variants=tuple(names.get(name, name) for name in view.variants),
        findings=tuple(replace(f, variant=names[f.variant]) for f in view.findings),
        runs=tuple(
            run if run.variant == "baseline" else replace(run, variant=names[run.variant])
            for run in view.runs
        ),
    )


def overflowing(drawn: Drawn) -> list[str]:
    """The names that do not lie within the figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    FigureCanvasAgg(drawn).draw()
    width, height = drawn.bbox.width, drawn.bbox.height
    shown = [text for text in drawn.findobj(Text) if text.get_visible() and text.get_text()]
    boxes = {text.get_text(): text.get_window_extent() for text in shown}
    assert sum("…" in name for name in boxes) == 12
    return [
        text
        for text, box in boxes.items()
        if "…" in text
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]


def test_legends_and_titles_of_twelve_long_names_lie_within_the_figure(draws: Draws) -> None:
    view = long_names(report_views.view(variants=12))
    for figure in (Cost(), LearningCurves(), Slopes()):
        assert overflowing(draws(figure, view)) == [], figure.name


def test_more_curves_than_colors_tell_apart_have_a_panel_each(draws: Draws) -> None:
    (together,) = draws(LearningCurves(), report_views.view(variants=8)).axes
    assert len(together.lines) == 9 * 4
    view = report_views.view(variants=9)
    panels = [axes for axes in draws(LearningCurves(), view).axes if axes.axison]
    assert [axes.get_title() for axes in panels] == list(view.variants[1:])
    for axes in panels:
        assert {line.get_label() for line in axes.lines if line.get_linewidth() == 2} == {
            *("baseline", axes.get_title())
        }


def test_values_are_shown_on_hover(draws: Draws) -> None:
    view = report_views.view(variants=1)
    (axes,) = draws(Slopes(), view).axes
    score = report_views.score
    assert [line.get_gid() for line in axes.lines[:3]] == [
        f"hover: one, seed {n}: {score('baseline', seed=n):.4g} to {score('one', seed=n):.4g}"
        for n in (1, 2, 3)
    ]
    (axes,) = draws(LearningCurves(), view).axes
    assert all(re.match("hover: (one|baseline), ", line.get_gid()) for line in axes.lines)
