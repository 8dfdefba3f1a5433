"""Interactions between the factors of a factorial study."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Factorial, ReportView
from harness_figures.styles import WIDTH, hover, number, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

_COLUMNS = 2


@dataclass(frozen=True, kw_only=True)
class Interactions(Figure):
    """Each pair of factors, one on the axis and one as lines, averaged over the others.

    A dot is a seed. Where lines are parallel, the effects of the two factors add up; where they are
    not, the effect of one depends on the other.
    """

    name = "interactions"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    factorial = view.design.factorial
    if factorial is None:
        figure = MatplotlibFigure(figsize=(WIDTH, 1.2))
        axes = figure.subplots()
        axes.text(0.5, 0.5, "no factors are crossed", transform=axes.transAxes, ha="center")
        return figure
    pairs = [*itertools.combinations(factorial.factors, 2)]
    columns = min(_COLUMNS, len(pairs))
    rows = math.ceil(len(pairs) / columns)
    figure = MatplotlibFigure(figsize=(WIDTH, 0.4 + 2.5 * rows))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, (first, second) in zip(grid.flat, pairs, strict=False):
        _draw_pair(axes, first=first, second=second, factorial=factorial, view=view)
    # An odd number of pairs leaves a panel over.
    for axes in grid.flat[len(pairs) :]:
        axes.set_axis_off()
    figure.supylabel(f"{view.metric} ({view.direction})")
    return figure


def _draw_pair(
    axes: Axes, *, first: str, second: str, factorial: Factorial, view: ReportView
) -> None:
    """Draw one panel: levels of the first factor on the axis, a line per level of the second."""
    along = factorial.factors[first]
    for level, style in variant_styles(factorial.factors[second]).items():
        means = []
        for place, other in enumerate(along):
            scores = _scores(view, levels={first: other, second: level}, factorial=factorial)
            axes.plot([place] * len(scores), scores, ".", color=style.color, alpha=0.5)
            means.append(fmean(scores) if scores else math.nan)
        told = ", ".join(
            f"{other} {number(mean)}" for other, mean in zip(along, means, strict=True)
        )
        (line,) = axes.plot(range(len(along)), means, color=style.color, marker=style.marker)
        line.set(label=level, gid=hover(f"{second} {level}; {first}: {told}"))
    axes.set_xticks(range(len(along)), along)
    axes.set_xlim(-0.35, len(along) - 0.65)
    axes.set_xlabel(first)
    axes.legend(title=second)


def _scores(view: ReportView, *, levels: Mapping[str, str], factorial: Factorial) -> list[float]:
    """For each seed, the mean over all cells with these levels; seeds with a gap are omitted."""
    cells = [name for name, own in factorial.cells.items() if levels.items() <= own.items()]
    known = {
        (run.variant, run.seed): run.scores[view.metric]
        for run in view.runs
        if run.outcome == "finished" and math.isfinite(run.scores.get(view.metric, math.nan))
    }
    return [
        fmean(known[cell, seed] for cell in cells)
        for seed in view.seeds
        if all((cell, seed) in known for cell in cells)
    ]
