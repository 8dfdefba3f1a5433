"""How the variants learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, ReportView
from harness_figures.looks import WIDTH, Look, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

Curve = Mapping[int, float]  # update -> value
_METRIC = "nll"


@dataclass(frozen=True, kw_only=True)
class LearningCurves(Figure):
    """Validation negative log-likelihood while training: thin lines are seeds, thick ones means.

    A cross is the last value of a run that diverged. The mean is taken where every seed has a
    value. The scale is logarithmic, since what differs late is small.
    """

    name = "learning_curves"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    variants = looks(view.variants)
    columns = 2 if len(variants) > 1 else 1
    rows = math.ceil(len(variants) / columns)
    drawn = Drawn(figsize=(WIDTH, 2.9 + 0.19 * rows))
    axes = drawn.subplots()
    for variant, look in reversed(variants.items()):  # the baseline comes last, on top
        _draw_variant(axes, view=view, variant=variant, look=look)
    axes.set_xlabel("update")
    axes.set_ylabel("validation nll, nats a token")
    _scale(axes)
    handles, names = axes.get_legend_handles_labels()
    if handles:
        drawn.legend(handles[::-1], names[::-1], loc="outside lower center", ncols=columns)
    return drawn


def _draw_variant(axes: Axes, *, view: ReportView, variant: str, look: Look) -> None:
    import seaborn

    runs = [run for run in view.runs if run.variant == variant]
    curves = []
    for run in runs:
        known = [each for each in run.validation if each.metric == _METRIC and each.value > 0]
        curve = {each.update: each.value for each in known if math.isfinite(each.value)}
        curves += [curve] if curve else []
        axes.plot(list(curve), list(curve.values()), color=look.color, linewidth=0.6, alpha=0.4)
        if run.outcome == "diverged" and curve:
            last = max(curve)
            axes.plot([last], [curve[last]], color=look.color, marker="x", markersize=7)
    mean = _mean(curves)
    if mean:
        dashes = (0, look.dashes) if isinstance(look.dashes, tuple) else "-"
        line = {"color": look.color, "linewidth": 2, "linestyle": dashes, "label": variant}
        seaborn.lineplot(x=list(mean), y=list(mean.values()), ax=axes, legend=False, **line)


def _mean(curves: Sequence[Curve]) -> Curve:
    """The mean over seeds at every update that all of them reached."""
    shared = set.intersection(*map(set, curves)) if curves else set[int]()
    return {update: fmean(curve[update] for curve in curves) for update in sorted(shared)}


def _scale(axes: Axes) -> None:
    """A logarithmic scale with plain numbers, where there is anything to scale."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    if axes.lines:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        marks = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if high < 10 * low else (1, 2, 5)
        axes.yaxis.set_major_locator(LogLocator(subs=marks))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
