"""Quantiles of a study's p values, a check that its tests keep their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView
from harness_figures.styles import FAINT, INK, WIDTH, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

_BAND = 0.95


@dataclass(frozen=True, kw_only=True)
class PValues(Figure):
    """The sorted p values of a study's variants, against those expected by chance alone.

    If nothing differs, p is uniform: marks lie along the diagonal and, if they are independent,
    each in the band with a probability of 95% (the band is for the number of filled marks). Filled
    marks are variants against the baseline, uncorrected; since they share it, they tend to be high
    or low together. Open marks are pairs of variants that differ by chance only, with each variant
    in a single pair: those are independent.
    """

    name = "p_values"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> MatplotlibFigure:
    from matplotlib.figure import Figure as MatplotlibFigure

    findings = [finding for finding in view.findings if finding.metric == view.metric]
    against_baseline = [finding.p for finding in findings if finding.p is not None]
    floor = [finding for finding in findings if finding.variant in view.design.noise_floor]
    figure = MatplotlibFigure(figsize=(WIDTH, WIDTH))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 2)))
    pairs = _disjoint_pairs(floor)
    _draw_ordered(axes, values=against_baseline, label="against the baseline", filled=True)
    _draw_ordered(axes, values=pairs, label="disjoint pairs", filled=False)
    _draw_band(axes, size=len(against_baseline))
    axes.set_xlabel("p expected by chance")
    axes.set_ylabel(f"p of {view.metric}, paired t test")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")
    return figure


def _expected(size: int) -> list[float]:
    """The mean of each order statistic of `size` uniform numbers: i / (size + 1)."""
    return [place / (size + 1) for place in range(1, size + 1)]


def _draw_ordered(axes: Axes, *, values: Sequence[float], label: str, filled: bool) -> None:
    color = variant_styles(("baseline", "variant"))["variant"].color
    if values:
        axes.plot(
            _expected(len(values)),
            sorted(values),
            "o",
            label=label,
            color=color,
            markerfacecolor=color if filled else "none",
            markersize=5,
            # Marks at 0 and 1 are half outside of the axes.
            clip_on=False,
        )


def _draw_band(axes: Axes, *, size: int) -> None:
    """Draw the central 95% of each order statistic: the i-th of k is Beta(i, k + 1 - i)."""
    from scipy.stats import beta

    if size < 2:
        return
    places = range(1, size + 1)
    low, high = (
        [float(beta.ppf(q, place, size + 1 - place)) for place in places]
        for q in ((1 - _BAND) / 2, (1 + _BAND) / 2)
    )
    axes.fill_between(_expected(size), low, high, color=FAINT, alpha=0.2, linewidth=0)


def _disjoint_pairs(findings: Sequence[Finding]) -> list[float]:
    """P values of the paired t test of every second variant against the one before it."""
    from scipy.stats import ttest_rel

    values = []
    for first, second in zip(findings[::2], findings[1::2], strict=False):
        ours = {pair.seed: pair.variant for pair in first.per_seed}
        theirs = {pair.seed: pair.variant for pair in second.per_seed}
        seeds = sorted(ours.keys() & theirs.keys())
        differences = {ours[seed] - theirs[seed] for seed in seeds}
        if len(differences) > 1:  # equal differences have no variance, and the test no p
            result = ttest_rel([ours[seed] for seed in seeds], [theirs[seed] for seed in seeds])
            values.append(float(result.pvalue))
    return values
