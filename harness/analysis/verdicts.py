"""Findings: every variant against the baseline on every metric, each metric a family of its own."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.pairing import Pairing, pair
from harness.analysis.results import RunResult, ScoredMetric
from harness.analysis.statistics import PairedT, holm, mean, sign_flip_floor, sign_flip_p
from harness.analysis.wording import ALPHA, reason
from harness.contracts import Finding, Verdict
from harness.study import BASELINE, Comparison


def compare(
    results: Sequence[RunResult],
    *,
    variants: Sequence[str],
    seeds: Sequence[int],
    metrics: Sequence[ScoredMetric],
    comparison: Comparison,
) -> tuple[Finding, ...]:
    """Judge the planned variants, the primary metric first.

    `variants` and `seeds` are what was planned, whatever became of it: the baseline is not compared
    with itself, a run without a result is named as missing, and a variant that cannot be tested
    still counts in its family, with p = 1.
    """
    assert comparison.primary in [metric.name for metric in metrics]
    runs = {(run.variant, run.seed): run for run in results}
    findings: list[Finding] = []
    for metric in sorted(metrics, key=lambda metric: metric.name != comparison.primary):
        pairings = [
            pair(runs, variant=variant, seeds=seeds, metric=metric)
            for variant in variants
            if variant != BASELINE
        ]
        findings += _family(pairings, primary=metric.name == comparison.primary)
    return tuple(findings)


def _family(pairings: Sequence[Pairing], *, primary: bool) -> list[Finding]:
    adjusted = holm([test.p if (test := pairing.test()) else 1.0 for pairing in pairings])
    return [
        _finding(pairing, p_adjusted=p_adjusted, family=len(pairings), primary=primary)
        for pairing, p_adjusted in zip(pairings, adjusted, strict=True)
    ]


def _finding(pairing: Pairing, *, p_adjusted: float, family: int, primary: bool) -> Finding:
    n, test = len(pairing.pairs), pairing.test()
    tested = p_adjusted if test else None
    verdict = _verdict(pairing, test=test, p_adjusted=p_adjusted)
    return Finding(
        variant=pairing.variant,
        metric=pairing.metric.name,
        split=pairing.metric.split,
        role="primary" if primary else "exploratory",
        n=n,
        baseline_mean=mean([pair.baseline for pair in pairing.pairs]) if n else None,
        variant_mean=mean([pair.variant for pair in pairing.pairs]) if n else None,
        difference=mean(pairing.differences) if n else None,
        interval_low=test.low if test else None,
        interval_high=test.high if test else None,
        p=test.p if test else None,
        p_adjusted=tested,
        p_sign_flip=sign_flip_p(pairing.differences) if _flips(pairing) else None,
        p_floor=sign_flip_floor(n) if n else None,
        higher_is_better=pairing.metric.higher_is_better,
        verdict=verdict,
        reason=reason(pairing, verdict=verdict, p_adjusted=tested, family=family),
        per_seed=pairing.pairs,
    )


def _flips(pairing: Pairing) -> bool:
    # Identical runs are a fact, not a draw: any p beside them would only mislead.
    return len(pairing.pairs) > 1 and not pairing.identical


def _verdict(pairing: Pairing, *, test: PairedT | None, p_adjusted: float) -> Verdict:
    if len(pairing.pairs) < 2:
        return "no_inference"
    if pairing.identical:
        return "identical"
    if test is None or p_adjusted >= ALPHA:
        return "inconclusive"
    if (test.mean > 0) != pairing.metric.higher_is_better:
        return "worse"
    # Better over the seeds that survived says nothing of those that did not.
    return "inconclusive" if pairing.diverged else "better"
