"""A study's answer in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis import ScoredMetric
from harness.contracts import Finding, Verdict
from harness.report.values import Pretraining, Report
from harness.study.values import BASELINE

_FEW = 3  # names of variants that change nothing

_CLAIMS: dict[Verdict, str] = {
    "better": "{names} {are} better than {against}",
    "worse": "{names} {are} worse than {against}",
    "equivalent": "{names} {are} equivalent to {against} (within {margin:g})",
    "identical": "{names} {are} identical to {against}",
    "inconclusive": "{names} {are} undecided",
    "no_inference": "{names} {have} too few complete pairs of runs to tell",
}
_ALARM = ", though nothing but chance differs (a false alarm)"


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
    claims = [
        claim
        for verdict in _CLAIMS
        for claim in _claims([each for each in report.on_primary if each.verdict == verdict])
    ]
    claims += [
        f"{each.variant} diverged in {each.diverged} of {each.planned}"
        for each in report.on_primary
        if each.diverged and each.kind in ("variant", "noise_floor")
    ]
    seeds = f"{len(report.seeds)} {'seed' if len(report.seeds) == 1 else 'seeds'}"
    seeds = f"at most {seeds}" if report.design.looks else seeds
    primary = report.primary
    return f"By {primary.name} on the {primary.split} split, over {seeds}: {'; '.join(claims)}."


def method(report: Report, *, corrected: str) -> str:
    """How the table of verdicts was computed, and what p values are `corrected` for."""
    if any(finding.method == "welch" for finding in report.on_primary):
        return (
            "A difference is the variant's mean minus the baseline's, over all runs with a score;"
            " nothing is paired. Its interval is not corrected for the number of variants."
            f" p is from Welch's t test{corrected}."
        )
    return (
        "A difference is variant minus baseline on the same seed, averaged over the seeds that both"
        " finished; its interval is not corrected for the number of variants."
        f" p is from a paired t test{corrected}."
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


def _claims(findings: Sequence[Finding]) -> Iterator[str]:
    """What findings with one verdict say, those together that are held against the same."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for each in findings:
        undecided = each.verdict in ("inconclusive", "no_inference")
        against = "" if undecided else each.against
        groups.setdefault((against, each.kind == "noise_floor"), []).append(each)
    for (against, nothing), group in groups.items():
        names = [each.variant if against else each.label for each in group]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        if nothing and len(names) > _FEW:
            names = [f"{len(names)} variants that change nothing"]
        what = "the baseline" if against == BASELINE else against
        verdict = group[0].verdict
        claim = _CLAIMS[verdict] + (_ALARM if nothing and verdict in ("better", "worse") else "")
        yield claim.format(
            names=listed(names), are=are, have=have, against=what, margin=group[0].margin
        )


def beginning(what: Pretraining) -> str:
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
