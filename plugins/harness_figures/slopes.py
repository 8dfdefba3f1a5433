"""Slopes from baseline to variant for each seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView
from harness_figures.styles import WIDTH, VariantStyle, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

_COLUMNS = 4


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
    figure = MatplotlibFigure(figsize=(WIDTH, 0.7 + 2.1 * rows))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    names = [*view.variants, *(finding.variant for finding in findings)]
    styles = variant_styles([*dict.fromkeys(names)])
    for axes, finding in zip(grid.flat, findings, strict=False):
        _draw_pairs(axes, finding=finding, style=styles[finding.variant])
    for axes in grid.flat[len(findings) :]:
        axes.set_axis_off()
    figure.supylabel(f"{view.metric} ({view.direction})")
    return figure


def _draw_pairs(axes: Axes, *, finding: Finding, style: VariantStyle) -> None:
    import seaborn

    for pair in finding.per_seed:
        scores = [pair.baseline, pair.variant]
        axes.plot([0, 1], scores, color=style.color, linewidth=0.8, alpha=0.6)
    if finding.baseline_mean is not None and finding.variant_mean is not None:
        means = [finding.baseline_mean, finding.variant_mean]
        line = {"color": style.color, "linewidth": 2.5, "marker": style.marker, "markersize": 6}
        seaborn.lineplot(x=[0, 1], y=means, ax=axes, markeredgecolor="#ffffff", **line)
    else:
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", va="center")
    axes.set_title(_wrapped(finding.label), fontsize=8)
    against = "baseline" if finding.against == "baseline" else "against"
    axes.set_xticks([0, 1], [against, "variant"], fontsize=7)
    axes.set_xlim(-0.35, 1.35)
    axes.grid(visible=False, axis="x")


def _wrapped(name: str) -> str:
    """A long name on two lines, split near its middle, after punctuation if there is any."""
    if len(name) <= 14:
        return name
    breaks = [place for place, character in enumerate(name, 1) if character in "-_."]
    middle = min(breaks or [len(name) // 2], key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}\n{name[middle:]}"
