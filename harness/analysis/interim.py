"""Interim analyses: p values that remain valid at whichever look a study stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from harness.analysis.contrasts import Contrast
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.pairing import Pairing, pair
from harness.study.values import Comparison


class InterimAnalyses(NamedTuple):
    """One comparison at its latest look and at every completed one; with fixed seeds, one look."""

    latest: Pairing
    completed: Sequence[Pairing]


def p_over_looks(values: Sequence[float | None], *, factors: Sequence[int]) -> float | None:
    """The p value of a hypothesis that is tested at some of the planned looks.

    P is the smallest p of the looks taken, each times its factor. At a look with the factor f, p is
    below u / f with probability at most u / f under the null hypothesis, so P is below u with
    probability at most u times the sum of 1 / f (Bonferroni), whatever rule decides which look is
    the last. The factors of K planned looks are K, and the sum is 1.
    """
    known = [
        factor * value for value, factor in zip(values, factors, strict=True) if value is not None
    ]
    return min(1.0, *known) if known else None


def decisive_look(values: Sequence[float | None], *, looks: Sequence[Pairing]) -> Pairing | None:
    """The look that gave `p_over_looks`; the latest of several that did."""
    known = [
        (min(1.0, look.looks * value), -len(look.planned), look)
        for value, look in zip(values, looks, strict=True)
        if value is not None
    ]
    return min(known, key=lambda entry: entry[:2])[2] if known else None


def interim_analyses(
    contrast: Contrast,
    *,
    seeds: Sequence[int],
    metric: ScoredMetric,
    comparison: Comparison,
    looks: Mapping[int, int],
) -> InterimAnalyses:
    """Pair the runs at every look that is complete; later runs wait for the next look.

    `looks` are numbers of `seeds`, in order, with the factor of p at each; if empty, there is a
    single analysis at the end. A look is complete once all its runs have ended.
    """
    method, diverged = comparison.method, comparison.diverged
    if not looks:
        pairing = pair(contrast, seeds=seeds, metric=metric, method=method, diverged=diverged)
        return InterimAnalyses(pairing, [pairing])
    variant, against, runs = contrast.variant, contrast.against, contrast.runs
    ended = [
        _has_ended(runs.get((variant, seed))) and _has_ended(runs.get((against, seed)))
        for seed in seeds
    ]
    # A plan that was cut short keeps its looks, and has no seeds for the last of them.
    complete = [n for n in looks if n <= len(seeds) and all(ended[:n])]
    planned = min(looks.values())
    pairings = [
        replace(
            pair(
                contrast,
                seeds=seeds[:n],
                metric=metric,
                method=method,
                looks=looks[n],
                diverged=diverged,
            ),
            added_look=looks[n] > planned,
        )
        # Before the first look is complete, its runs are shown, and no p is given.
        for n in complete or [min(looks)]
    ]
    return InterimAnalyses(pairings[-1], pairings if complete else [])


def _has_ended(run: RunResult | None) -> bool:
    # A failed run is run again, so it has not ended; a diverged one is a result.
    return run is not None and run.outcome != "failed"
