"""Interim analyses: p values that remain valid at whichever look a study stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.analysis.contrasts import Contrast
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.pairing import Pairing, pair
from harness.study.values import Comparison


class InterimAnalyses(NamedTuple):
    """One comparison at its latest look and at every completed one; with fixed seeds, one look."""

    latest: Pairing
    completed: Sequence[Pairing]


def p_over_looks(values: Sequence[float | None], *, planned: int) -> float | None:
    """The p value of a hypothesis that is tested at some of the planned looks.

    P = K min p over the looks taken. At each look, p is below u / K with probability at most u / K
    under the null hypothesis, so over at most K looks P is below u with probability at most u
    (Bonferroni), whatever rule decides which look is the last.
    """
    known = [value for value in values if value is not None]
    return min(1.0, planned * min(known)) if known else None


def interim_analyses(
    contrast: Contrast,
    *,
    seeds: Sequence[int],
    metric: ScoredMetric,
    comparison: Comparison,
    looks: Sequence[int],
) -> InterimAnalyses:
    """Pair the runs at every look that is complete; later runs wait for the next look.

    `looks` are numbers of `seeds`, in order; if empty, there is a single analysis at the end. A
    look is complete once all its runs have ended.
    """
    method, diverged = comparison.method, comparison.diverged
    if not looks:
        pairing = pair(contrast, seeds=seeds, metric=metric, method=method, diverged=diverged)
        return InterimAnalyses(pairing, [pairing])
    variant, against, _, runs = contrast
    ended = [
        _has_ended(runs.get((variant, seed))) and _has_ended(runs.get((against, seed)))
        for seed in seeds
    ]
    complete = [n for n in looks if all(ended[:n])]
    pairings = [
        pair(
            contrast,
            seeds=seeds[:n],
            metric=metric,
            method=method,
            looks=len(looks),
            diverged=diverged,
        )
        # Before the first look is complete, its runs are shown, and no p is given.
        for n in complete or looks[:1]
    ]
    return InterimAnalyses(pairings[-1], pairings if complete else [])


def _has_ended(run: RunResult | None) -> bool:
    # A failed run is run again, so it has not ended; a diverged one is a result.
    return run is not None and run.outcome != "failed"
