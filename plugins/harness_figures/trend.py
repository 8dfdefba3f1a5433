"""The score as a function of a swept option."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Level, ReportView, Sweep
from harness_figures.styles import INK, WIDTH, hover, number, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

_DECADE = 10.0  # ratio of largest to smallest value from which the scale is logarithmic


@dataclass(frozen=True, kw_only=True)
class Trend(Figure):
    """The primary score at every value of a swept option.

    A dot is a seed, the line connects the means, and the ring marks the baseline's value. If the
    sweep does not include the baseline's value, a dashed line is the baseline's mean.
    """

    name = "trend"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(WIDTH, 3.2))
    axes = figure.subplots()
    axes.set_ylabel(f"{view.metric} ({view.direction})")
    sweep = view.design.sweep
    if sweep is None:
        axes.text(0.5, 0.5, "no option is swept", transform=axes.transAxes, ha="center")
        return figure
    axes.set_xlabel(sweep.option)
    _draw_levels(axes, sweep=sweep, view=view)
    return figure


def _draw_levels(axes: Axes, *, sweep: Sweep, view: ReportView) -> None:
    numbers = _numbers(sweep.levels)
    # Levels that are no numbers stand at equal distances, in the order of the study.
    places = numbers or [float(place) for place in range(len(sweep.levels))]
    color = variant_styles(("baseline", "swept"))["swept"].color
    means = []
    # By value, since the line would run back and forth if a study lists levels otherwise.
    ordered = sorted(zip(places, sweep.levels, strict=True), key=lambda pair: pair[0])
    for place, level in ordered:
        scores = _scores(view, variant=level.variant)
        told = hover(f"{_label(level)}: {', '.join(map(number, scores))}")
        axes.plot([place] * len(scores), scores, ".", color=color, alpha=0.5, gid=told)
        means += [(place, fmean(scores), level.variant)] if scores else []
    line = [(place, mean) for place, mean, _ in means]
    # Without a score there are no two sequences for zip(*line) to unpack.
    axes.plot(*zip(*line, strict=True), color=color, marker="D", markersize=4) if line else None
    baseline = [(place, mean) for place, mean, variant in means if variant == view.variants[0]]
    for place, mean in baseline:
        axes.plot([place], [mean], "o", markersize=12, markerfacecolor="none", color=INK)
    scores = _scores(view, variant=view.variants[0])
    if not baseline and scores:
        axes.axhline(fmean(scores), color=INK, linewidth=1, linestyle=(0, (4, 2)))
    _scale(axes, numbers=numbers)
    axes.set_xticks(places, [_label(level) for level in sweep.levels])
    axes.minorticks_off()


def _scores(view: ReportView, *, variant: str) -> list[float]:
    runs = (run for run in view.runs if run.variant == variant and run.outcome == "finished")
    scores = (run.scores.get(view.metric) for run in runs)
    return [score for score in scores if score is not None and math.isfinite(score)]


def _numbers(levels: Sequence[Level]) -> list[float]:
    """The values as numbers; empty if any of them is not a number."""
    values = [level.value for level in levels]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return [float(str(value)) for value in values]
    return []


def _scale(axes: Axes, *, numbers: Sequence[float]) -> None:
    """Set a logarithmic scale for values that span decades; with a zero, linear near it."""
    positive = [number for number in numbers if number > 0]
    if not positive or max(positive) < _DECADE * min(positive):
        return
    if len(positive) == len(numbers):
        axes.set_xscale("log")
    elif min(numbers) == 0:
        axes.set_xscale("symlog", linthresh=min(positive))


def _label(level: Level) -> str:
    """A short label for a level."""
    if isinstance(level.value, int | float) and not isinstance(level.value, bool):
        return f"{level.value:g}"
    if isinstance(level.value, str):
        return level.value
    return level.variant.partition("=")[2] or level.variant
