"""Whether factors add up."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Factorial, ReportView
from harness_figures.looks import WIDTH, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

_COLUMNS = 2


@dataclass(frozen=True, kw_only=True)
class Interactions(Figure):
    """Each pair of factors: one along the axis, the other as lines, averaged over the rest.

    A dot is a seed. Lines that run parallel are factors that add up; where they do not, what one
    is worth depends on the other.
    """

    name = "interactions"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    factorial = view.design.factorial
    if factorial is None:
        drawn = Drawn(figsize=(WIDTH, 1.2))
        axes = drawn.subplots()
        axes.text(0.5, 0.5, "no factors are crossed", transform=axes.transAxes, ha="center")
        return drawn
    pairs = [*itertools.combinations(factorial.factors, 2)]
    columns = min(_COLUMNS, len(pairs))
    rows = math.ceil(len(pairs) / columns)
    drawn = Drawn(figsize=(WIDTH, 0.4 + 2.5 * rows))
    grid = drawn.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, (first, second) in zip(grid.flat, pairs, strict=False):
        _draw_pair(axes, first=first, second=second, factorial=factorial, view=view)
    for axes in grid.flat[len(pairs) :]:
        axes.set_axis_off()
    drawn.supylabel(f"{view.metric} ({'higher' if view.higher_is_better else 'lower'} is better)")
    return drawn


def _draw_pair(
    axes: Axes, *, first: str, second: str, factorial: Factorial, view: ReportView
) -> None:
    """One panel: the levels of the first along the axis, a line for each of the second."""
    along = factorial.factors[first]
    for level, look in looks(factorial.factors[second]).items():
        means = []
        for place, other in enumerate(along):
            scores = _scores(view, levels={first: other, second: level}, factorial=factorial)
            axes.plot([place] * len(scores), scores, ".", color=look.color, alpha=0.5)
            means.append(fmean(scores) if scores else math.nan)
        axes.plot(range(len(along)), means, color=look.color, marker=look.marker, label=level)
    axes.set_xticks(range(len(along)), along)
    axes.set_xlim(-0.35, len(along) - 0.65)
    axes.set_xlabel(first)
    axes.legend(title=second)


def _scores(view: ReportView, *, levels: Mapping[str, str], factorial: Factorial) -> list[float]:
    """The mean over all cells with these levels, seed by seed, where every one has a score."""
    cells = [name for name, its in factorial.cells.items() if levels.items() <= its.items()]
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
