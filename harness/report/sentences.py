"""A study's answer in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis import ScoredMetric
from harness.contracts import Verdict
from harness.report.contents import Beginning, Report

_CLAIMS: dict[Verdict, str] = {
    "better": "{names} {are} better than the baseline",
    "worse": "{names} {are} worse than the baseline",
    "equivalent": "{names} {are} equivalent to the baseline",
    "identical": "{names} {are} identical to the baseline",
    "inconclusive": "{names} {are} undecided",
    "no_inference": "{names} {have} too few complete pairs of runs to tell",
}


def answer(report: Report) -> str:
    """What the study found on its primary metric."""
    if not report.on_primary:
        return "The study has no variants, so there is nothing to compare."
    claims = []
    for verdict, claim in _CLAIMS.items():
        names = [finding.variant for finding in report.on_primary if finding.verdict == verdict]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        claims += [claim.format(names=listed(names), are=are, have=have)] if names else []
    seeds = f"{len(report.seeds)} {'seed' if len(report.seeds) == 1 else 'seeds'}"
    primary = report.primary
    return f"By {primary.name} on the {primary.split} split, over {seeds}: {'; '.join(claims)}."


def beginning(what: Beginning) -> str:
    """What was trained first, and for whom."""
    uses = ((what.begun, "start", "from"), (what.drawn, "draw", "on"))
    said = "; ".join(
        f"{listed(names)} {verb}{'s' if len(names) == 1 else ''} {where} it"
        for names, verb, where in uses
        if names
    )
    return f"{what.name} was trained first, once a seed, for {what.updates} updates: {said}."


def direction(metric: ScoredMetric) -> str:
    """Which way a metric is read."""
    return f"{'higher' if metric.higher_is_better else 'lower'} is better"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
