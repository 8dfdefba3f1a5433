"""Whether the tests keep to their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Figure
from harness.contracts import Draw, Finding, ReportView
from harness_figures.looks import FAINT, INK, WIDTH, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

_BAND = 0.95


@dataclass(frozen=True, kw_only=True)
class PValues(Figure):
    """The p values of a study's variants, in order, against those that chance alone would give.

    Where nothing differs, p is uniform: marks lie on the diagonal, and in the band (of as many as
    are filled) with 95% each, if they are independent. Filled marks are variants against the
    baseline, uncorrected; they share it, and so lie high or low together. Open marks are pairs of
    variants that change nothing but chance, each variant in one pair only: those are independent.
    """

    name = "p_values"

    def build(self) -> Draw:
        return _draw


def _draw(view: ReportView) -> Drawn:
    from matplotlib.figure import Figure as Drawn

    findings = [each for each in view.findings if each.metric == view.metric]
    against_baseline = [each.p for each in findings if each.p is not None]
    floor = [each for each in findings if each.variant in view.design.noise_floor]
    drawn = Drawn(figsize=(WIDTH, WIDTH))
    axes = drawn.subplots()
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 2)))
    pairs = _disjoint(floor)
    _draw_ordered(axes, values=against_baseline, label="against the baseline", filled=True)
    _draw_ordered(axes, values=pairs, label="disjoint pairs", filled=False)
    _draw_band(axes, size=len(against_baseline))
    axes.set_xlabel("p expected of chance")
    axes.set_ylabel(f"p of {view.metric}, paired t test")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")
    return drawn


def _expected(size: int) -> list[float]:
    """The mean of each order statistic of so many uniform numbers: i / (k + 1)."""
    return [place / (size + 1) for place in range(1, size + 1)]


def _draw_ordered(axes: Axes, *, values: Sequence[float], label: str, filled: bool) -> None:
    color = looks(("baseline", "variant"))["variant"].color
    if values:
        axes.plot(
            _expected(len(values)),
            sorted(values),
            "o",
            label=label,
            color=color,
            markerfacecolor=color if filled else "none",
            markersize=5,
            clip_on=False,
        )


def _draw_band(axes: Axes, *, size: int) -> None:
    """Where each order statistic lies with 95%: the i-th of k is Beta(i, k + 1 - i)."""
    from scipy.stats import beta

    if size < 2:
        return
    places = range(1, size + 1)
    low, high = (
        [float(beta.ppf(q, place, size + 1 - place)) for place in places]
        for q in ((1 - _BAND) / 2, (1 + _BAND) / 2)
    )
    axes.fill_between(_expected(size), low, high, color=FAINT, alpha=0.2, linewidth=0)


def _disjoint(findings: Sequence[Finding]) -> list[float]:
    """P of the paired t test of every second variant against the one before it."""
    from scipy.stats import ttest_rel

    found = []
    for first, second in zip(findings[::2], findings[1::2], strict=False):
        ours = {pair.seed: pair.variant for pair in first.per_seed}
        theirs = {pair.seed: pair.variant for pair in second.per_seed}
        seeds = sorted(ours.keys() & theirs.keys())
        differences = {ours[seed] - theirs[seed] for seed in seeds}
        if len(differences) > 1:
            tested = ttest_rel([ours[seed] for seed in seeds], [theirs[seed] for seed in seeds])
            found.append(float(tested.pvalue))
    return found
