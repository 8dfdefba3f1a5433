"""The cost of what a study found, in sentences, so that no gain reads as free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis import ScoredMetric, ToTarget
from harness.analysis.correction import DIFFERENT
from harness.analysis.digits import digits_text
from harness.contracts import Cost, Finding
from harness.report.values import Report
from harness.report.verdict_claims import listed
from harness.scoring.training_cost import cost_ratios, equal_cost_name
from harness.study.values import BASELINE

_PER_UPDATE = 1.1  # a ratio of times per update that is told; one nearer to 1 may be noise
_CLAIMS = (*DIFFERENT, "equivalent")  # the verdicts that are told with their cost
_COSTS: Sequence[Cost] = ("tokens", "seconds")


def metric_text(metric: ScoredMetric) -> str:
    """A metric's name, with the target if it is a cost."""
    rule = metric.rule
    return f"{metric.name} (nll {rule.nll:g})" if isinstance(rule, ToTarget) else metric.name


def target_note(report: Report) -> str:
    """The computation of a cost, and the test where runs did not reach its target; else empty."""
    rule = report.primary.rule
    if not isinstance(rule, ToTarget):
        return ""
    note = (
        f" {report.primary.name} is read off the validation curve, on the line between the first"
        f" evaluation with an nll of at most {rule.nll:g} and the one before."
    )
    if any(reached_claims(report)):
        note += (
            " A run that does not reach it counts as having cost all that both runs of its pair"
            " were followed for, a lower bound; p is then the exact sign-flip test's, and there"
            " is no interval."
        )
    return note


def reached_claims(report: Report) -> Iterator[str]:
    """The runs of each variant that reached the target of a cost, where some run did not."""
    for finding in report.on_primary:
        reached, by_baseline = finding.reached, finding.baseline_reached
        if reached is None or by_baseline is None:
            continue
        # Of equally many runs where they are paired.
        counted = finding.n_baseline
        if reached < finding.n or by_baseline < counted:
            against = "the baseline" if finding.against == BASELINE else finding.against
            yield (
                f"{finding.variant} reached the target in {reached} of {finding.n} runs, {against}"
                f" in {by_baseline} of {counted}"
            )


def cost_sentences(report: Report) -> Iterator[str]:
    """The cost of variants with a verdict, and their verdicts at equal cost."""
    ratios = cost_ratios(report.results, cost="seconds", per_update=True)
    claimed = [
        finding.variant
        for finding in report.on_primary
        if finding.kind == "variant" and finding.verdict in _CLAIMS
    ]
    paces = {
        name: digits_text(ratios[name], digits=2)
        for name in claimed
        if not 1 / _PER_UPDATE <= ratios.get(name, 1.0) <= _PER_UPDATE
    }
    clauses = []
    if paces:
        times = listed([*paces.values()])
        clauses.append(f"{listed([*paces])} took {times} times the baseline's time per update")
    for cost in _COSTS:
        metric = equal_cost_name(report.primary.name, cost=cost)
        equal = [
            finding
            for finding in report.exploratory
            if finding.metric == metric and finding.variant in claimed
        ]
        clauses += [_at_equal(equal, cost=cost)] if equal else []
    if len(claimed) == 1:
        # Of one variant in one sentence, which names it once.
        clauses = [" and ".join([*clauses[:1], *(c.partition(" ")[2] for c in clauses[1:])])]
    yield from (f"{clause}." for clause in clauses if clause)


def _at_equal(findings: Sequence[Finding], *, cost: Cost) -> str:
    """The verdicts at equal cost, each with all the variants that have it."""
    names: dict[str, list[str]] = {}
    for finding in findings:
        names.setdefault(finding.verdict, []).append(finding.variant)
    claims = []
    few = "runs" if findings[0].method == "welch" else "complete pairs of runs"
    for verdict, about in names.items():
        are, have = ("is", "has") if len(about) == 1 else ("are", "have")
        claim = f"{are} {verdict}"
        if verdict == "no_inference":
            claim = f"{have} too few {few}"
        claims.append(f"{listed(about)} {claim}")
    first = findings[0]
    return f"{'; '.join(claims)} at equal {cost} ({first.metric} on the {first.split} split)"
