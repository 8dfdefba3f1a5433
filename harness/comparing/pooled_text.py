"""Pooled findings as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.text import Text

from harness.analysis.p_values import p_equation
from harness.analysis.random_effects import FEWEST_TO_WEIGH
from harness.comparing.pooled_studies import PooledFinding
from harness.report.numbers import interval_text, number_text
from harness.report.screen import Screen, paragraph, table_lines
from harness.report.tables import Table


def pooled_lines(findings: Sequence[PooledFinding], *, screen: Screen) -> Iterator[Text]:
    """The meaning of the numbers; then, of each variant, its verdict and the table of its studies.

    The lines are as long as the screen allows.
    """
    yield from paragraph(_heading(findings[0]), screen=screen)
    for finding in findings:
        yield Text("")
        yield from paragraph(_verdict(finding, variants=len(findings)), screen=screen)
        yield Text("")
        yield from table_lines(_table(finding, places=_places(finding)), screen=screen)


def _verdict(finding: PooledFinding, *, variants: int) -> str:
    """The verdict on one variant, with the reason."""
    pooled, places = finding.pooled, _places(finding)
    interval = interval_text(pooled.low, high=pooled.high, places=places)
    corrected = f" after Holm over {variants} variants" if variants > 1 else ""
    reasons = [
        f"{number_text(pooled.mean, places=places, sign='+')} ({interval})",
        f"{p_equation(finding.p_adjusted)}{corrected}",
        *_between(finding, places=places),
        *_lost(finding),
    ]
    if not _weighs(finding):
        reasons.append(f"each study counts alike, as one has fewer than {FEWEST_TO_WEIGH} seeds")
    return f"{finding.variant}: {finding.verdict}: {'; '.join(reasons)}"


def _heading(finding: PooledFinding) -> str:
    """The metric, and the meaning of a difference."""
    direction = "higher" if finding.higher_is_better else "lower"
    return (
        f"{finding.metric} on the {finding.split} split, variant minus baseline; {direction} is"
        " better. The mean is over studies like these, with its 95% interval."
    )


def _between(finding: PooledFinding, *, places: int) -> Iterator[str]:
    pooled = finding.pooled
    tau = number_text(math.sqrt(pooled.tau_squared), places=places)
    # Cochran's test takes the errors as known, which those of a few seeds are not.
    tested = f"; Cochran's Q {p_equation(pooled.p_heterogeneity)}" if _weighs(finding) else ""
    share = f"{pooled.i_squared:.0%} of the variance"
    yield f"standard deviation between studies {tau} ({share}{tested})"
    if pooled.predicted:
        low, high = pooled.predicted
        yield f"one more such study: {interval_text(low, high=high, places=places)}"


def _weighs(finding: PooledFinding) -> bool:
    return min(finding.seeds.values()) >= FEWEST_TO_WEIGH


def _lost(finding: PooledFinding) -> Iterator[str]:
    if lost := sum(finding.lost.values()):
        planned = lost + sum(finding.seeds.values())
        only = ""
        if finding.verdict == "inconclusive" and finding.p_adjusted < 0.05:
            only = f", and {finding.claim} only where {_finished(finding)}"
        yield f"{lost} of {planned} planned {finding.unit} are missing{only}"


def _finished(finding: PooledFinding) -> str:
    return "both finished" if finding.unit == "pairs" else "all runs of a seed finished"


def _table(finding: PooledFinding, *, places: int) -> Table:
    rows = [
        [
            name,
            finding.seeds[name],
            number_text(value, places=places, sign="+"),
            number_text(error, places=places),
            f"{weight:.0%}",
        ]
        for (name, (value, error)), weight in zip(
            finding.estimates.items(), finding.pooled.weights, strict=True
        )
    ]
    return Table(["study", finding.unit, "difference", "standard error", "weight"], rows, right=1)


def _places(finding: PooledFinding) -> int:
    """Decimals for two digits of the smallest standard error."""
    errors = [finding.pooled.error, *(error for _, error in finding.estimates.values())]
    return min(6, max(0, 1 - math.floor(math.log10(min(errors)))))
