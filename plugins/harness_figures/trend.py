"""How the score follows a swept option."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Level, ReportView, Sweep
from harness_figures.looks import INK, WIDTH, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

_DECADE = 10.0  # from this ratio on a scale is logarithmic


@dataclass(frozen=True, kw_only=True)
class Trend(Figure):
    """The primary score at every value of the option that a study sweeps.

    A dot is a seed, the line goes through the means, and the ring is the baseline's value. A line
    that is dashed is the baseline's mean, where its value is none of those that were swept.
    """

    name = "trend"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    drawn = Drawn(figsize=(WIDTH, 3.2))
    axes = drawn.subplots()
    axes.set_ylabel(f"{view.metric} ({'higher' if view.higher_is_better else 'lower'} is better)")
    sweep = view.design.sweep
    if sweep is None:
        axes.text(0.5, 0.5, "no option is swept", transform=axes.transAxes, ha="center")
        return drawn
    axes.set_xlabel(sweep.option)
    _draw_levels(axes, sweep=sweep, view=view)
    return drawn


def _draw_levels(axes: Axes, *, sweep: Sweep, view: ReportView) -> None:
    numbers = _numbers(sweep.levels)
    places = numbers or [float(place) for place in range(len(sweep.levels))]
    color = looks(("baseline", "swept"))["swept"].color
    means = []
    for place, level in sorted(zip(places, sweep.levels, strict=True), key=lambda each: each[0]):
        scores = _scores(view, variant=level.variant)
        axes.plot([place] * len(scores), scores, ".", color=color, markersize=5, alpha=0.5)
        means += [(place, fmean(scores), level.variant)] if scores else []
    line = [(place, mean) for place, mean, _ in means]
    axes.plot(*zip(*line, strict=True), color=color, marker="D", markersize=4) if line else None
    ours = [(place, mean) for place, mean, variant in means if variant == view.variants[0]]
    for place, mean in ours:
        axes.plot([place], [mean], "o", markersize=12, markerfacecolor="none", color=INK)
    scores = _scores(view, variant=view.variants[0])
    if not ours and scores:
        axes.axhline(fmean(scores), color=INK, linewidth=1, linestyle=(0, (4, 2)))
    _scale(axes, numbers=numbers)
    axes.set_xticks(places, [_label(each) for each in sweep.levels])
    axes.minorticks_off()


def _scores(view: ReportView, *, variant: str) -> list[float]:
    runs = (run for run in view.runs if run.variant == variant and run.outcome == "finished")
    scores = (run.scores.get(view.metric) for run in runs)
    return [score for score in scores if score is not None and math.isfinite(score)]


def _numbers(levels: Sequence[Level]) -> list[float]:
    """The values as numbers; none where one of them is no number."""
    values = [level.value for level in levels]
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return [float(str(each)) for each in values]
    return []


def _scale(axes: Axes, *, numbers: Sequence[float]) -> None:
    """A logarithmic scale for values that span decades, a linear end below them for a zero."""
    above = [each for each in numbers if each > 0]
    if not above or max(above) < _DECADE * min(above):
        return
    if len(above) == len(numbers):
        axes.set_xscale("log")
    elif min(numbers) == 0:
        axes.set_xscale("symlog", linthresh=min(above))


def _label(level: Level) -> str:
    """A value as short as it can be said."""
    if isinstance(level.value, int | float) and not isinstance(level.value, bool):
        return f"{level.value:g}"
    if isinstance(level.value, str):
        return level.value
    return level.variant.partition("=")[2] or level.variant
