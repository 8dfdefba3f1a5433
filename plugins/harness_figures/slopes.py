"""Slopes from baseline to variant for each seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView, short_names
from harness_figures.styles import (
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

_COLUMNS = 4
_TALL = 2  # rows of tall panels; more are flat, or the figure would be longer than a phone


@dataclass(frozen=True, kw_only=True)
class Slopes(Figure):
    """From the baseline to each variant, seed by seed: thin lines are seeds, thick ones means.

    Parallel lines mean that seeds agree.
    """

    name = "slopes"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    findings = [finding for finding in view.findings if finding.role == "primary"]
    columns = max(1, min(_COLUMNS, len(findings)))
    rows = max(1, math.ceil(len(findings) / columns))
    figure = MatplotlibFigure(figsize=(WIDTH, 0.7 + (2.1 if rows <= _TALL else 1.4) * rows))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    names = [*view.variants, *(finding.variant for finding in findings)]
    styles = variant_styles([*dict.fromkeys(names)])
    titles = short_names([finding.label for finding in findings], most=PANEL_NAME)
    for axes, finding in zip(grid.flat, findings, strict=False):
        _draw_pairs(axes, finding=finding, style=styles[finding.variant])
        axes.set_title(wrapped(titles[finding.label]), fontsize=8, gid=hover(finding.label))
    for axes in grid.flat[len(findings) :]:
        axes.set_axis_off()
    figure.supylabel(f"{view.metric} ({view.direction})")
    return figure


def _draw_pairs(axes: Axes, *, finding: Finding, style: VariantStyle) -> None:
    import seaborn

    for pair in finding.per_seed:
        scores = [pair.baseline, pair.variant]
        told = _told(f"seed {pair.seed}", finding=finding, scores=scores)
        axes.plot([0, 1], scores, color=style.color, linewidth=0.8, alpha=0.6, gid=told)
    if finding.baseline_mean is not None and finding.variant_mean is not None:
        means = [finding.baseline_mean, finding.variant_mean]
        line = {"color": style.color, "linewidth": 2.5, "marker": style.marker, "markersize": 6}
        told = _told("mean", finding=finding, scores=means)
        seaborn.lineplot(x=[0, 1], y=means, ax=axes, markeredgecolor="#ffffff", gid=told, **line)
    else:
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", va="center")
    against = "baseline" if finding.against == "baseline" else "against"
    axes.set_xticks([0, 1], [against, "variant"], fontsize=7)
    axes.set_xlim(-0.35, 1.35)
    axes.grid(visible=False, axis="x")


def _told(of: str, *, finding: Finding, scores: Sequence[float]) -> str:
    before, after = map(number, scores)
    return hover(f"{finding.label}, {of}: {before} to {after}")
