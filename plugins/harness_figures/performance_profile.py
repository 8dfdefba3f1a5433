"""The share of runs that reach each score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.components import Figure
from harness.contracts import Draw, ReportView, short_names
from harness_figures.styles import NAME, WIDTH, hover, variant_styles

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


@dataclass(frozen=True, kw_only=True)
class PerformanceProfile(Figure):
    """The share of a variant's runs that reach each score (Agarwal et al. 2021).

    A curve that is nowhere below another belongs to the better variant, whatever score counts as
    good; where curves cross, the mean hides a trade. A run that diverged or failed reaches no
    score. Not drawn unless a study lists it.
    """

    name = "performance_profile"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(WIDTH, 3.0))
    axes = figure.subplots()
    styles = variant_styles(view.variants)
    names = short_names(view.variants, most=NAME)
    thresholds = _thresholds(view)
    for name in view.variants:
        shares = _shares(view, variant=name, thresholds=thresholds)
        if shares:
            style = styles[name]
            # Between two scores, runs reach what lies there if they reach the better of the two.
            where: Literal["pre", "post"] = "post" if view.higher_is_better is False else "pre"
            line = axes.step(thresholds, shares, where=where, label=names[name])[0]
            line.set(color=style.color, gid=hover(name))
            if not isinstance(style.dashes, str):
                line.set_linestyle((0, style.dashes))
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(view.metric)
    side = "below" if view.higher_is_better is False else "above"
    axes.set_ylabel(f"share of runs at or {side}")
    if axes.lines:
        axes.legend(fontsize=7)
    return figure


def _thresholds(view: ReportView) -> list[float]:
    """Every score of a run, and one beyond each end."""
    scores = sorted({run.scores[view.metric] for run in view.runs if view.metric in run.scores})
    if not scores:
        return []
    margin = (scores[-1] - scores[0]) * 0.05 or 1.0
    return [scores[0] - margin, *scores, scores[-1] + margin]


def _shares(view: ReportView, *, variant: str, thresholds: list[float]) -> list[float]:
    """The share of the variant's runs that reach each threshold; none if no run has ended."""
    runs = [run for run in view.runs if run.variant == variant and run.outcome is not None]
    scores = [run.scores[view.metric] for run in runs if view.metric in run.scores]
    if not runs:
        return []
    sign = -1 if view.higher_is_better is False else 1
    return [
        sum(sign * score >= sign * limit for score in scores) / len(runs) for limit in thresholds
    ]
