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


_WOULD_SHOW = (
    "Would show: the smallest difference that so many runs, as noisy as these, would have shown"
    " with a probability of 80%. Effect size: the difference in standard deviations, corrected for"
    " few runs (Hedges)."
)
_WITHIN = (
    "Within the margin: two one-sided tests that the difference is less than {:g} in size,"
    " corrected as p is."
)
_FLIPS = (
    "Sign-flip and max-T tests assume nothing about the shape of the noise; max-T is corrected for"
    " the number of variants. Neither can go below the least p that so many seeds can reach."
    " Correlation: of variant and baseline over seeds, which is what pairing gains by."
)
_DIVERGED = "Diverged: in how many seeds, with the exact p that the baseline does so as often."
SOURCES = (
    "The difference with its 95% interval for new seeds on these sentences, for these runs on new"
    " sentences, and for new seeds on new sentences. The paired bootstrap over sentences is about"
    " the two models of the first seed, and no others."
)


def answer(report: Report) -> str:
    """What the study found on its primary metric."""
    if not report.on_primary:
        return "The study has no variants, so there is nothing to compare."
    claims = []
    for verdict, claim in _CLAIMS.items():
        names = [finding.variant for finding in report.on_primary if finding.verdict == verdict]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        claims += [claim.format(names=listed(names), are=are, have=have)] if names else []
    claims += [
        f"{finding.variant} diverged in {finding.diverged} of {finding.planned}"
        for finding in report.on_primary
        if finding.diverged
    ]
    seeds = f"{len(report.seeds)} {'seed' if len(report.seeds) == 1 else 'seeds'}"
    primary = report.primary
    return f"By {primary.name} on the {primary.split} split, over {seeds}: {'; '.join(claims)}."


def method(report: Report) -> str:
    """How the table of verdicts was computed."""
    family = len(report.on_primary)
    holm = f", corrected by Holm's method over the {family} planned variants" if family > 1 else ""
    if any(finding.method == "welch" for finding in report.on_primary):
        return (
            "A difference is the variant's mean minus the baseline's, over all runs with a score;"
            " nothing is paired. Its interval is not corrected for the number of variants."
            f" p is from Welch's t test{holm}."
        )
    return (
        "A difference is variant minus baseline on the same seed, averaged over the seeds that both"
        " finished; its interval is not corrected for the number of variants."
        f" p is from a paired t test{holm}."
    )


def certainty(report: Report) -> str:
    """How to read the table that says how sure the verdicts are."""
    said = [_WOULD_SHOW]
    said += [
        _WITHIN.format(margin) for margin in {each.margin for each in report.on_primary} if margin
    ]
    if any(finding.p_sign_flip is not None for finding in report.on_primary):
        said.append(_FLIPS)
    if any(finding.p_diverged is not None for finding in report.on_primary):
        said.append(_DIVERGED)
    return " ".join(said)


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
