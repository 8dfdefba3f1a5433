"""P values that hold at whichever look a study stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.analysis.contrasts import Contrast
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.pairing import Pairing, pair
from harness.contracts import Method


class Looked(NamedTuple):
    """One comparison as it stands, and at every look so far; at a fixed number of seeds, one."""

    now: Pairing
    counted: Sequence[Pairing]


def at_any_look(values: Sequence[float | None], *, planned: int) -> float | None:
    """The p value of a hypothesis that is tested at some of the planned looks.

    P = K min p over the looks that there were: at each look p is below u / K with a probability of
    at most u / K under the null hypothesis, so at one of K looks or fewer P is below u with a
    probability of at most u (Bonferroni), whatever decides which look is the last.
    """
    known = [value for value in values if value is not None]
    return min(1.0, planned * min(known)) if known else None


def look(
    contrast: Contrast,
    *,
    seeds: Sequence[int],
    metric: ScoredMetric,
    method: Method,
    looks: Sequence[int],
) -> Looked:
    """A comparison at every look for which all runs have ended; what came since waits for the next.

    A look is after so many of the `seeds`; without any, there is one, at the end.
    """
    if not looks:
        found = pair(contrast, seeds=seeds, metric=metric, method=method)
        return Looked(found, [found])
    variant, against, _, runs = contrast
    ended = [
        _ended(runs.get((variant, seed))) and _ended(runs.get((against, seed))) for seed in seeds
    ]
    complete = [n for n in looks if all(ended[:n])]
    counted = [
        pair(contrast, seeds=seeds[:n], metric=metric, method=method, looks=len(looks))
        for n in complete or looks[:1]
    ]
    return Looked(counted[-1], counted if complete else [])


def _ended(run: RunResult | None) -> bool:
    return run is not None and run.outcome != "failed"
