"""Forest plot of the findings on the primary metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView, Verdict, short_names
from harness_figures.styles import FAINT, INK, NAME, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

# Color, marker, and a filled or open marker: the verdict must be readable without color.
_VERDICT_STYLES: dict[Verdict, tuple[str, str, bool]] = {
    "better": ("#17936b", "^", True),
    "worse": ("#d1495b", "v", True),
    "higher": ("#b5731a", "^", True),
    "lower": ("#b5731a", "v", True),
    "equivalent": ("#2f7fd0", "s", True),
    "identical": ("#8b6fd6", "D", True),
    "inconclusive": (FAINT, "o", False),
    "no_inference": (FAINT, "X", False),
}


@dataclass(frozen=True, kw_only=True)
class Forest(Figure):
    """Each variant's difference from the baseline on the primary metric, with its 95% interval.

    A dot is a seed. To the right of the dashed line, the variant's score is higher than the
    baseline's. The band, if any, is the margin within which a difference would not matter.
    """

    name = "forest"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    findings = [finding for finding in view.findings if finding.role == "primary"]
    figure = MatplotlibFigure(figsize=(WIDTH, 0.95 + 0.36 * max(1, len(findings))))
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (4, 2)), zorder=1)
    for margin in {finding.margin for finding in findings if finding.margin}:
        axes.axvspan(-margin, margin, color=FAINT, alpha=0.15, linewidth=0, zorder=0)
    for row, finding in enumerate(findings):
        _draw_row(axes, finding=finding, row=row)
    names = short_names([finding.label for finding in findings], most=NAME)
    axes.set_yticks(range(len(findings)), [names[finding.label] for finding in findings])
    # From high to low, so that the first finding is at the top.
    axes.set_ylim(max(1, len(findings)) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"difference in {view.metric}, variant minus baseline\n{_direction(view)}")
    _widen(axes, findings=findings)
    return figure


def _direction(view: ReportView) -> str:
    if view.higher_is_better is None:
        return view.direction
    return f"{view.direction} →" if view.higher_is_better else f"← {view.direction}"


def _draw_row(axes: Axes, *, finding: Finding, row: int) -> None:
    color, marker, filled = _VERDICT_STYLES[finding.verdict]
    differences = [pair.variant - pair.baseline for pair in finding.per_seed]
    below = [row + 0.22] * len(differences)
    axes.plot(differences, below, ".", color=color, markersize=3, alpha=0.6)
    if finding.interval_low is not None and finding.interval_high is not None:
        axes.plot([finding.interval_low, finding.interval_high], [row, row], color=color)
    if finding.difference is not None:
        face = color if filled else "#ffffff"
        axes.plot([finding.difference], [row], color=color, marker=marker, markerfacecolor=face)
    word = finding.verdict.replace("_", " ")
    place = axes.get_yaxis_transform()
    axes.text(1.02, row, word, transform=place, va="center", color=color, fontsize=8)


def _widen(axes: Axes, *, findings: Sequence[Finding]) -> None:
    """Set limits that show all numbers and zero, with a margin."""
    bounds = (
        value
        for finding in findings
        for value in (finding.interval_low, finding.interval_high, finding.difference)
    )
    known = [0.0, *(value for value in bounds if value is not None)]
    margin = 0.08 * (max(known) - min(known)) or 1.0
    axes.set_xlim(min(known) - margin, max(known) + margin)
    axes.locator_params(axis="x", nbins=6)
