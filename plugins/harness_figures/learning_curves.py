"""Learning curves of the variants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import OF_RAW_TEXT, Draw, ReportView
from harness_figures.styles import WIDTH, VariantStyle, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

Curve = Mapping[int, float]  # update -> value


@dataclass(frozen=True, kw_only=True)
class LearningCurves(Figure):
    """Validation negative log-likelihood during training: thin lines are seeds, thick ones means.

    A cross is the last value of a run that diverged. Means are shown where every seed has a value.
    The scale is logarithmic, since late differences are small. A study by bits per byte has curves
    of these, as nll is per token.
    """

    name = "learning_curves"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    variants = variant_styles(view.variants)
    columns = 2 if len(variants) > 1 else 1
    rows = math.ceil(len(variants) / columns)
    figure = MatplotlibFigure(figsize=(WIDTH, 2.9 + 0.19 * rows))
    axes = figure.subplots()
    for variant, style in reversed(variants.items()):  # the baseline last, on top
        _draw_variant(axes, view=view, variant=variant, style=style)
    axes.set_xlabel("update")
    unit = "nll, nats a token" if _metric(view) == "nll" else _metric(view)
    axes.set_ylabel(f"validation {unit}")
    _scale(axes)
    handles, names = axes.get_legend_handles_labels()
    if handles:
        # Drawn last, the baseline is still named first.
        figure.legend(handles[::-1], names[::-1], loc="outside lower center", ncols=columns)
    return figure


def _metric(view: ReportView) -> str:
    """The score of every evaluation, in a unit that tokenizers share if the study is by one."""
    return view.metric if view.metric in OF_RAW_TEXT else "nll"


def _draw_variant(axes: Axes, *, view: ReportView, variant: str, style: VariantStyle) -> None:
    import seaborn

    runs = [run for run in view.runs if run.variant == variant]
    curves = []
    for run in runs:
        # Above 0, because the scale is logarithmic.
        known = [row for row in run.validation if row.metric == _metric(view) and row.value > 0]
        curve = {row.update: row.value for row in known if math.isfinite(row.value)}
        curves += [curve] if curve else []
        axes.plot(list(curve), list(curve.values()), color=style.color, linewidth=0.6, alpha=0.4)
        if run.outcome == "diverged" and curve:
            last = max(curve)
            axes.plot([last], [curve[last]], color=style.color, marker="x", markersize=7)
    mean = _mean(curves)
    if mean:
        dashes = (0, style.dashes) if isinstance(style.dashes, tuple) else "-"
        line = {"color": style.color, "linewidth": 2, "linestyle": dashes, "label": variant}
        seaborn.lineplot(x=list(mean), y=list(mean.values()), ax=axes, legend=False, **line)


def _mean(curves: Sequence[Curve]) -> Curve:
    """The mean over seeds, at every update that all of them reached."""
    shared = set.intersection(*map(set, curves)) if curves else set[int]()
    return {update: fmean(curve[update] for curve in curves) for update in sorted(shared)}


def _scale(axes: Axes) -> None:
    """Set a logarithmic scale with plain numbers, unless the axes are empty."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    if axes.lines:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        marks = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if high < 10 * low else (1, 2, 5)
        axes.yaxis.set_major_locator(LogLocator(subs=marks))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
