"""Tests, intervals and effect sizes of one variant on one metric, before the correction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

from harness.analysis.pairing import Pairing
from harness.analysis.permutation import sign_flip_floor, sign_flip_p
from harness.analysis.power import smallest_shift
from harness.analysis.sentence_intervals import bootstrap_p, combine_intervals, sentence_t
from harness.analysis.sign_test import sign_equivalence_p, sign_interval, sign_p
from harness.analysis.statistics import (
    ALPHA,
    StudentT,
    correlation,
    correlation_interval,
    equivalence_p,
    fisher_p,
    mcnemar_p,
    mean,
    paired_t,
    pooled_deviation,
    unbiased,
    welch_t,
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The test results and effect sizes of one pairing; None where a number does not exist.

    `p` is the t test's. If all differences are equal there is no spread for a t test, and `p` is
    the sign-flip test's; likewise `p_equivalent`. By the sign test there is no `test`, and
    `difference`, `interval` and the p values are the median's. Where diverged runs rank worst, `p`
    is that of the ranks, `p_ranks`. `beyond_range` is True if no difference that the metric can
    have would be detectable. Over several looks, `look` is the one whose p is `p`, and likewise
    `sign_flip_look` and `equivalent_look`.
    """

    difference: float | None = None
    test: StudentT | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    p_sign_flip: float | None = None
    p_floor: float | None = None
    p_ranks: float | None = None
    p_equivalent: float | None = None
    effect_size: float | None = None
    detectable: float | None = None
    beyond_range: bool = False
    correlation: float | None = None
    correlation_interval: tuple[float, float] | None = None
    p_diverged: float | None = None
    sentences: StudentT | None = None
    combined: tuple[float, float] | None = None
    p_bootstrap: float | None = None
    look: Pairing | None = None
    sign_flip_look: Pairing | None = None
    equivalent_look: Pairing | None = None


def gather_evidence(pairing: Pairing, *, margin: float | None, family: int) -> Evidence:
    """Compute every statistic of one pairing, as a member of a family of this size."""
    baseline, variant = pairing.scores
    ranked = _rank_test(pairing)
    if not baseline or not variant:  # no score, but perhaps divergences
        return replace(ranked, p_diverged=_p_diverged(pairing))
    if pairing.method == "sign_test":
        return _of_median(pairing, margin=margin)
    test = _t_test(pairing)
    difference = test.mean if test else _difference(pairing)
    p_sign_flip = None
    if _sign_flips_apply(pairing):
        p_sign_flip = sign_flip_p(pairing.differences, resolution=pairing.resolution)
    over_sentences = sentence_t(pairing, difference=difference)
    correlated = _correlation(pairing)
    detectable = _detectable(test, tests=family * pairing.looks) if test else None
    beyond = _beyond_range(pairing, difference=detectable)
    evidence = Evidence(
        difference=difference,
        test=test,
        interval=(test.low, test.high) if test else None,
        p=test.p if test else p_sign_flip,
        p_sign_flip=p_sign_flip,
        p_floor=_sign_flip_floor(pairing) if pairing.method == "paired_t" else None,
        p_equivalent=_p_equivalent(pairing, test=test, margin=margin),
        effect_size=_effect_size(pairing, test=test),
        detectable=None if beyond else detectable,
        beyond_range=beyond,
        correlation=correlated,
        correlation_interval=_correlation_interval(correlated, n=pairing.n),
        p_diverged=_p_diverged(pairing),
        sentences=over_sentences,
        combined=combine_intervals(test, sentences=over_sentences),
        p_bootstrap=bootstrap_p(pairing),
    )
    if pairing.ranks is None:
        return evidence
    return replace(
        evidence,
        p=ranked.p,
        p_ranks=ranked.p,
        p_floor=ranked.p_floor,
        detectable=None,
        beyond_range=False,
    )


def _rank_test(pairing: Pairing) -> Evidence:
    """The sign-flip test of the signed ranks, where diverged runs rank worst (Wilcoxon 1945)."""
    if pairing.ranks is None or pairing.too_few or pairing.identical:
        return Evidence()
    p = sign_flip_p(pairing.ranks)
    floor = sign_flip_floor(len(pairing.ranks), tied=pairing.tied)
    return Evidence(p=p, p_ranks=p, p_floor=floor)


def _sign_flip_floor(pairing: Pairing) -> float:
    # Identical runs are not tested, and have the floor of their number of seeds.
    tied = 0 if pairing.identical else pairing.tied
    return sign_flip_floor(pairing.n, tied=tied)


def _of_median(pairing: Pairing, *, margin: float | None) -> Evidence:
    """The sign test's numbers; numbers about means do not exist beside them."""
    differences, correlated = pairing.differences, _correlation(pairing)
    shared = Evidence(
        difference=median(differences),
        p_floor=sign_p([1.0] * (pairing.n - pairing.tied) + [0.0] * pairing.tied),
        correlation=correlated,
        correlation_interval=_correlation_interval(correlated, n=pairing.n),
        p_diverged=_p_diverged(pairing),
    )
    if pairing.too_few or pairing.identical:
        return shared
    return replace(
        shared,
        interval=sign_interval(differences, confidence=1 - ALPHA / pairing.looks),
        p=sign_p(differences),
        p_equivalent=sign_equivalence_p(differences, margin=margin) if margin else None,
    )


def _t_test(pairing: Pairing) -> StudentT | None:
    """The t test that the study declares; None for identical runs, which need no test.

    None also where a run counts without having reached its target: its cost is not known.
    """
    if pairing.identical or pairing.censored:
        return None
    # Each look's p is multiplied by their number; at this level, its interval excludes 0 just where
    # that product is below .05.
    confidence = 1 - ALPHA / pairing.looks
    if pairing.method == "paired_t":
        return paired_t(pairing.differences, resolution=pairing.resolution, confidence=confidence)
    baseline, variant = pairing.scores
    return welch_t(variant, baseline=baseline, resolution=pairing.resolution, confidence=confidence)


def _detectable(test: StudentT, *, tests: int) -> float:
    # Rounded, so that equal designs share one entry of the cache of `smallest_shift`.
    # At Holm's first step, the strictest: no study is promised more than the correction allows.
    return smallest_shift(round(test.df, 2), alpha=ALPHA / tests) * test.error


def _beyond_range(pairing: Pairing, *, difference: float | None) -> bool:
    """True if no score of the metric is so far from the baseline's mean."""
    return difference is not None and difference > largest_difference(pairing)


def largest_difference(pairing: Pairing) -> float:
    """The largest distance of a score of the metric from the baseline's mean; perhaps infinite."""
    low, high = pairing.metric.bounds
    center = mean(pairing.scores[0])
    return max(high - center, center - low)


def _difference(pairing: Pairing) -> float:
    if pairing.method == "paired_t":
        return mean(pairing.differences)
    baseline, variant = pairing.scores
    return mean(variant) - mean(baseline)


def _sign_flips_apply(pairing: Pairing) -> bool:
    # Identical runs are a fact, not a sample; a p value for them would only mislead.
    tested = pairing.method == "paired_t" and pairing.ranks is None
    return tested and not pairing.too_few and not pairing.identical


def _p_equivalent(pairing: Pairing, *, test: StudentT | None, margin: float | None) -> float | None:
    # Costs that are cut off at the budget may be close though the whole ones are not.
    if margin is None or pairing.censored:
        return None
    if test:
        return equivalence_p(test, margin=margin)
    if not _sign_flips_apply(pairing):
        return None
    # All differences are equal, so no t test exists. The sign-flip test of the distance to each
    # bound is one-sided and at its floor if the difference lies inside the margin.
    inside = max(map(abs, pairing.differences)) < margin
    return sign_flip_floor(pairing.n) / 2 if inside else 1.0


def _effect_size(pairing: Pairing, *, test: StudentT | None) -> float | None:
    if test is None:
        return None
    if pairing.method == "paired_t":
        # d_z = mean / sd, and the standard error is sd / sqrt(n).
        return unbiased(test.mean / (test.error * math.sqrt(pairing.n)), df=test.df)
    # In pooled deviations, as Hedges' g is defined, with their n1 + n2 - 2 and not Welch's df.
    sides = pairing.scores
    return unbiased(test.mean / pooled_deviation(*sides), df=sum(map(len, sides)) - 2)


def _correlation(pairing: Pairing) -> float | None:
    baseline, variant = pairing.scores
    return correlation(baseline, second=variant) if pairing.method != "welch" else None


def _correlation_interval(value: float | None, *, n: int) -> tuple[float, float] | None:
    return None if value is None else correlation_interval(value, n=n)


def _p_diverged(pairing: Pairing) -> float | None:
    """The exact test that both sides diverge equally often; None if neither ever does."""
    if pairing.kind == "effect":  # both sides consist of the same cells
        return None
    sides = [
        (pairing.count("diverged", baseline=side), pairing.count("finished", baseline=side))
        for side in (False, True)
    ]
    if sides[0][0] + sides[1][0] == 0:
        return None
    if pairing.method == "welch":
        return fisher_p(sides[0], second=sides[1])
    outcomes = [
        (baseline.outcome, variant.outcome)
        for baseline, variant in pairing.planned
        if baseline and variant
    ]
    # Seeds with a failed run are left out: it ended for a reason of its own, and will be run again.
    return mcnemar_p(
        outcomes.count(("finished", "diverged")),
        only_second=outcomes.count(("diverged", "finished")),
    )
