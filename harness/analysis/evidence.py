"""What the runs say of one variant on one metric, before it is corrected for being one of many."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.analysis.pairing import Pairing
from harness.analysis.permutation import sign_flip_floor, sign_flip_p
from harness.analysis.power import smallest_shift
from harness.analysis.sentence_intervals import bootstrap_p, combined, sentence_t
from harness.analysis.statistics import (
    ALPHA,
    StudentT,
    correlation,
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
    """The tests and sizes of one pairing; None where there is no such number.

    `p` is the t test's, or, where all differences are the same number, the sign-flip test's: then
    there is no spread for a t. So it is with `p_equivalent`.
    """

    difference: float | None = None
    test: StudentT | None = None
    p: float | None = None
    p_sign_flip: float | None = None
    p_floor: float | None = None
    p_equivalent: float | None = None
    effect_size: float | None = None
    detectable: float | None = None
    correlation: float | None = None
    p_diverged: float | None = None
    sentences: StudentT | None = None
    combined: tuple[float, float] | None = None
    p_bootstrap: float | None = None


def gather_evidence(pairing: Pairing, *, margin: float | None, family: int) -> Evidence:
    """All that one pairing has to say, as one of a family of so many."""
    baseline, variant = pairing.scores
    if not baseline or not variant:
        return Evidence(p_diverged=_p_diverged(pairing))
    test = _t(pairing)
    difference = test.mean if test else _difference(pairing)
    flips = _flips(pairing)
    p_sign_flip = sign_flip_p(pairing.differences) if flips else None
    over_sentences = sentence_t(pairing, difference=difference)
    return Evidence(
        difference=difference,
        test=test,
        p=test.p if test else p_sign_flip,
        p_sign_flip=p_sign_flip,
        p_floor=sign_flip_floor(pairing.n) if pairing.method == "paired_t" else None,
        p_equivalent=_p_equivalent(pairing, test=test, margin=margin),
        effect_size=_effect_size(pairing, test=test),
        detectable=_detectable(test, tests=family * pairing.looks) if test else None,
        correlation=_correlation(pairing),
        p_diverged=_p_diverged(pairing),
        sentences=over_sentences,
        combined=combined(test, sentences=over_sentences),
        p_bootstrap=bootstrap_p(pairing),
    )


def _t(pairing: Pairing) -> StudentT | None:
    """The t test that the study declares; identical runs are a fact, and need none."""
    if pairing.identical:
        return None
    confidence = 1 - ALPHA / pairing.looks
    if pairing.method == "paired_t":
        return paired_t(pairing.differences, resolution=pairing.resolution, confidence=confidence)
    baseline, variant = pairing.scores
    return welch_t(variant, baseline=baseline, resolution=pairing.resolution, confidence=confidence)


def _detectable(test: StudentT, *, tests: int) -> float:
    return smallest_shift(round(test.df, 2), alpha=ALPHA / tests) * test.error


def _difference(pairing: Pairing) -> float:
    if pairing.method == "paired_t":
        return mean(pairing.differences)
    baseline, variant = pairing.scores
    return mean(variant) - mean(baseline)


def _flips(pairing: Pairing) -> bool:
    # Identical runs are a fact, not a draw: any p beside them would only mislead.
    return pairing.method == "paired_t" and not pairing.too_few and not pairing.identical


def _p_equivalent(pairing: Pairing, *, test: StudentT | None, margin: float | None) -> float | None:
    if margin is None:
        return None
    if test:
        return equivalence_p(test, margin=margin)
    if not _flips(pairing):
        return None
    # Differences that are all the same number: only if none reaches the margin, all signs agree.
    within = max(map(abs, pairing.differences)) < margin
    return sign_flip_floor(pairing.n) / 2 if within else 1.0


def _effect_size(pairing: Pairing, *, test: StudentT | None) -> float | None:
    if test is None:
        return None
    if pairing.method == "paired_t":
        return unbiased(test.mean / (test.error * math.sqrt(pairing.n)), df=test.df)
    sides = pairing.scores
    return unbiased(test.mean / pooled_deviation(*sides), df=sum(map(len, sides)) - 2)


def _correlation(pairing: Pairing) -> float | None:
    baseline, variant = pairing.scores
    return correlation(baseline, second=variant) if pairing.method == "paired_t" else None


def _p_diverged(pairing: Pairing) -> float | None:
    """The exact test that the variant diverges as often as the baseline; None if neither does."""
    if pairing.kind == "effect":  # both sides have the same cells
        return None
    sides = [
        (pairing.count("diverged", baseline=side), pairing.count("finished", baseline=side))
        for side in (False, True)
    ]
    if sides[0][0] + sides[1][0] == 0:
        return None
    if pairing.method == "welch":
        return fisher_p(sides[0], second=sides[1])
    ended = [(theirs.outcome, ours.outcome) for theirs, ours in pairing.planned if theirs and ours]
    return mcnemar_p(
        ended.count(("finished", "diverged")), only_second=ended.count(("diverged", "finished"))
    )
