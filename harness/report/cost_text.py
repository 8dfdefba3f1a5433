"""The cost of what a study found, in sentences, so that no gain reads as free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis import ScoredMetric, ToTarget
from harness.analysis.correction import DIFFERENT
from harness.contracts import Cost, Finding
from harness.report.values import Report
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
    """The cost of each variant with a verdict, and its verdicts at equal cost."""
    ratios = cost_ratios(report.results, cost="seconds", per_update=True)
    equal = {(finding.variant, finding.metric): finding for finding in report.exploratory}
    for finding in report.on_primary:
        if finding.kind != "variant" or finding.verdict not in _CLAIMS:
            continue
        parts = []
        ratio = ratios.get(finding.variant, 1.0)
        if not 1 / _PER_UPDATE <= ratio <= _PER_UPDATE:
            parts.append(f"took {ratio:.2g} times the baseline's time per update")
        for cost in _COSTS:
            metric = equal_cost_name(report.primary.name, cost=cost)
            if other := equal.get((finding.variant, metric)):
                parts.append(_at_equal(other, cost=cost))
        if parts:
            yield f"{finding.variant} {' and '.join(parts)}."


def _at_equal(finding: Finding, *, cost: Cost) -> str:
    place = f"at equal {cost} ({finding.metric} on the {finding.split} split)"
    if finding.verdict == "no_inference":
        few = "runs" if finding.method == "welch" else "complete pairs of runs"
        return f"has too few {few} {place}"
    return f"is {finding.verdict} {place}"
