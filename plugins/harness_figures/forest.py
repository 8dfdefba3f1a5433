"""What was found on the primary metric, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView, Verdict
from harness_figures.looks import FAINT, INK, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

# Color, marker, and whether the marker is filled: two ways to see a verdict beside its word.
_LOOKS: dict[Verdict, tuple[str, str, bool]] = {
    "better": ("#17936b", "^", True),
    "worse": ("#d1495b", "v", True),
    "equivalent": ("#2f7fd0", "s", True),
    "identical": ("#8b6fd6", "D", True),
    "inconclusive": (FAINT, "o", False),
    "no_inference": (FAINT, "X", False),
}


@dataclass(frozen=True, kw_only=True)
class Forest(Figure):
    """Each variant's difference from the baseline on the primary metric, with its 95% interval.

    A dot is a seed. Right of the dashed line the variant's score is higher than the baseline's. A
    band, if there is one, is the margin within which a difference would not matter.
    """

    name = "forest"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    findings = [each for each in view.findings if each.role == "primary"]
    drawn = Drawn(figsize=(WIDTH, 0.95 + 0.36 * max(1, len(findings))))
    axes = drawn.subplots()
    axes.axvline(0, color=INK, linewidth=1, linestyle=(0, (4, 2)), zorder=1)
    for margin in {each.margin for each in findings if each.margin}:
        axes.axvspan(-margin, margin, color=FAINT, alpha=0.15, linewidth=0, zorder=0)
    for row, finding in enumerate(findings):
        _draw_row(axes, finding=finding, row=row)
    axes.set_yticks(range(len(findings)), [each.label for each in findings])
    axes.set_ylim(max(1, len(findings)) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"difference in {view.metric}, variant minus baseline\n{_direction(view)}")
    _widen(axes, findings=findings)
    return drawn


def _direction(view: ReportView) -> str:
    return "higher is better →" if view.higher_is_better else "← lower is better"


def _draw_row(axes: Axes, *, finding: Finding, row: int) -> None:
    color, marker, filled = _LOOKS[finding.verdict]
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
    """Room around the numbers, whatever they are; the zero is always in sight."""
    bounds = (
        value
        for each in findings
        for value in (each.interval_low, each.interval_high, each.difference)
    )
    known = [0.0, *(value for value in bounds if value is not None)]
    room = 0.08 * (max(known) - min(known)) or 1.0
    axes.set_xlim(min(known) - room, max(known) + room)
    axes.locator_params(axis="x", nbins=6)
