"""Whether the seeds agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView
from harness_figures.looks import WIDTH, Look, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

_COLUMNS = 4


@dataclass(frozen=True, kw_only=True)
class Slopes(Figure):
    """From the baseline to each variant, seed by seed: thin lines are seeds, thick ones means.

    Lines that run alike are seeds that agree.
    """

    name = "slopes"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    findings = [each for each in view.findings if each.role == "primary"]
    columns = max(1, min(_COLUMNS, len(findings)))
    rows = max(1, math.ceil(len(findings) / columns))
    drawn = Drawn(figsize=(WIDTH, 0.7 + 2.1 * rows))
    grid = drawn.subplots(rows, columns, sharey=True, squeeze=False)
    variants = looks([*dict.fromkeys([*view.variants, *(each.variant for each in findings)])])
    for axes, finding in zip(grid.flat, findings, strict=False):
        _draw_pairs(axes, finding=finding, look=variants[finding.variant])
    for axes in grid.flat[len(findings) :]:
        axes.set_axis_off()
    drawn.supylabel(f"{view.metric} ({'higher' if view.higher_is_better else 'lower'} is better)")
    return drawn


def _draw_pairs(axes: Axes, *, finding: Finding, look: Look) -> None:
    import seaborn

    for pair in finding.per_seed:
        axes.plot([0, 1], [pair.baseline, pair.variant], color=look.color, linewidth=0.8, alpha=0.6)
    if finding.baseline_mean is not None and finding.variant_mean is not None:
        means = [finding.baseline_mean, finding.variant_mean]
        line = {"color": look.color, "linewidth": 2.5, "marker": look.marker, "markersize": 6}
        seaborn.lineplot(x=[0, 1], y=means, ax=axes, markeredgecolor="#ffffff", **line)
    else:
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", va="center")
    axes.set_title(_broken(finding.label), fontsize=8)
    against = "baseline" if finding.against == "baseline" else "against"
    axes.set_xticks([0, 1], [against, "variant"], fontsize=7)
    axes.set_xlim(-0.35, 1.35)
    axes.grid(visible=False, axis="x")


def _broken(name: str) -> str:
    """A long name on two lines, broken where it may be."""
    if len(name) <= 14:
        return name
    places = [place for place, one in enumerate(name, 1) if one in "-_."] or [len(name) // 2]
    middle = min(places, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}\n{name[middle:]}"
