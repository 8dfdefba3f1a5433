"""Learning curves of the variants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.components import Figure
from harness.contracts import OF_RAW_TEXT, Draw, ReportView, short_names
from harness_figures.styles import (
    NAME,
    PANEL_NAME,
    WIDTH,
    VariantStyle,
    hover,
    number,
    variant_styles,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

Curve = Mapping[int, float]  # update -> value
_TOGETHER = 9  # variants, the baseline among them, that one panel shows
_COLUMNS = 4


@dataclass(frozen=True, kw_only=True)
class LearningCurves(Figure):
    """Validation negative log-likelihood during training: thin lines are seeds, thick ones means.

    A cross is the last value of a run that diverged. Means are shown where every seed has a value.
    The scale is logarithmic, since late differences are small. A study by bits per byte has curves
    of these, as nll is per token. More than eight variants have a panel each, with the baseline.
    """

    name = "learning_curves"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    if len(view.variants) > _TOGETHER:
        return _draw_apart(view)
    from matplotlib.figure import Figure as MatplotlibFigure

    variants = variant_styles(view.variants)
    columns = 2 if len(variants) > 1 else 1
    rows = math.ceil(len(variants) / columns)
    figure = MatplotlibFigure(figsize=(WIDTH, 2.9 + 0.19 * rows))
    axes = figure.subplots()
    for variant, style in reversed(variants.items()):  # the baseline last, on top
        _draw_variant(axes, view=view, variant=variant, style=style)
    axes.set_xlabel("update")
    axes.set_ylabel(f"validation {_unit(view)}")
    _scale(axes)
    handles, names = axes.get_legend_handles_labels()
    if handles:
        short = short_names(view.variants, most=NAME)
        # Drawn last, the baseline is still named first.
        labels = [short[name] for name in names[::-1]]
        figure.legend(handles[::-1], labels, loc="outside lower center", ncols=columns)
    return figure


def _draw_apart(view: ReportView) -> MatplotlibFigure:
    """Draw a panel for each variant, with the baseline in it, as colors would not tell so many."""
    from matplotlib.figure import Figure as MatplotlibFigure

    (baseline, ink), *others = variant_styles(view.variants).items()
    rows = math.ceil(len(others) / _COLUMNS)
    figure = MatplotlibFigure(figsize=(WIDTH, 0.5 + 1.05 * rows))
    grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    names = short_names(view.variants, most=PANEL_NAME)
    for axes, (variant, style) in zip(grid.flat, others, strict=False):
        _draw_variant(axes, view=view, variant=variant, style=style._replace(dashes=""))
        _draw_variant(axes, view=view, variant=baseline, style=ink)
        _scale(axes)
        axes.tick_params(labelsize=6)
        axes.set_title(wrapped(names[variant]), fontsize=6.5, gid=hover(variant))
    for axes in grid.flat[len(others) :]:
        axes.set_axis_off()
    figure.supxlabel(f"update (the same line in all: {names[baseline]})")
    figure.supylabel(f"validation {_unit(view)}")
    return figure


def _unit(view: ReportView) -> str:
    return "nll, nats a token" if _metric(view) == "nll" else _metric(view)


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
        thin: dict[str, Any] = {"color": style.color, "linewidth": 0.6, "alpha": 0.4}
        told = _told(f"{variant}, seed {run.seed}", curve=curve)
        axes.plot(list(curve), list(curve.values()), gid=told, **thin)
        if run.outcome == "diverged" and curve:
            last = max(curve)
            axes.plot([last], [curve[last]], color=style.color, marker="x", markersize=7)
    mean = _mean(curves)
    if mean:
        dashes = (0, style.dashes) if isinstance(style.dashes, tuple) else "-"
        line = {"color": style.color, "linewidth": 2, "linestyle": dashes, "label": variant}
        line |= {"ax": axes, "legend": False, "gid": _told(f"{variant}, mean", curve=mean)}
        seaborn.lineplot(x=list(mean), y=list(mean.values()), **line)


def _told(of: str, *, curve: Curve) -> str | None:
    """The ends of a curve and its least value, for hovering."""
    if not curve:
        return None
    first, last, least = min(curve), max(curve), min(curve, key=curve.__getitem__)
    points = dict.fromkeys((first, least, last))
    return hover(f"{of}: {', '.join(f'{number(curve[at])} at update {at}' for at in points)}")


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
