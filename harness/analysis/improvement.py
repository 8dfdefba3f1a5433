"""Beside the mean: the probability of improvement, and the interquartile mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from harness.analysis.pairing import Pairing
from harness.analysis.statistics import ALPHA, mean

MEANINGFUL = 0.75  # Bouthillier et al. 2021, arXiv 2103.03098, section 4


class Improvement(NamedTuple):
    """The probability that a run of the variant beats one of the comparator, and its interval."""

    probability: float
    low: float
    high: float


def improvement(
    variant: Sequence[float], *, baseline: Sequence[float], higher_is_better: bool | None
) -> Improvement | None:
    """P(variant better) + P(equal) / 2 over all pairs of runs: Mann and Whitney's U / (n m).

    The 95% interval is Newcombe's (2006, part 2, method 5), which is within 0 and 1 and has a width
    even where the sides do not overlap. It takes the sides for independent: seeds that both share
    make it too wide, never too narrow. None below two runs a side, and
    where neither direction is better.
    """
    n, m = len(variant), len(baseline)
    if min(n, m) < 2 or higher_is_better is None:
        return None
    sign = 1 if higher_is_better else -1
    wins = sum(
        1.0 if sign * (ours - theirs) > 0 else 0.5 if ours == theirs else 0.0
        for ours in variant
        for theirs in baseline
    )
    share = wins / (n * m)
    return Improvement(share, _bound(share, n=n, m=m, end=0.0), _bound(share, n=n, m=m, end=1.0))


def sides_with_worst(pairing: Pairing) -> tuple[list[float], list[float]] | None:
    """Both sides' scores over the seeds that rank, infinitely bad for a run that diverged.

    None unless diverged runs rank.
    """
    if pairing.diverged != "worst":
        return None
    metric, complete = pairing.metric, {pair.seed for pair in pairing.pairs}
    worst = -math.inf if metric.higher_is_better else math.inf
    sides = [(pair.baseline, pair.variant) for pair in pairing.pairs]
    for baseline, variant in pairing.planned:
        if baseline and variant and baseline.seed not in complete:
            scores = [
                worst if run.outcome == "diverged" else run.score(metric.name)
                for run in (baseline, variant)
            ]
            known = [score for score in scores if score is not None]
            if len(known) == 2 and worst in known:
                sides.append((known[0], known[1]))
    return [baseline for baseline, _ in sides], [variant for _, variant in sides]


def interquartile_mean(values: Sequence[float]) -> float:
    """The mean without a quarter of the values at each end, rounded down (Agarwal et al. 2021).

    With fewer than four values nothing is left out.
    """
    cut = int(0.25 * len(values))
    return mean(sorted(values)[cut : len(values) - cut])


def runs_for_improvement(probability: float = MEANINGFUL, *, alpha: float = ALPHA) -> int:
    """The runs of each side that tell this probability from 1/2 (Noether 1987).

    With a one-sided error rate of `alpha`, and the same rate of missing it: twice the quantile,
    squared, over 6 (p - 1/2)^2.
    """
    quantile = 2 * NormalDist().inv_cdf(1 - alpha)
    return math.ceil(quantile**2 / (6 * (probability - 0.5) ** 2))


def _bound(share: float, *, n: int, m: int, end: float) -> float:
    """The probability between the share and this end that is 1.96 standard errors away."""
    z = NormalDist().inv_cdf(1 - ALPHA / 2)
    near, far = share, end
    for _ in range(60):
        middle = (near + far) / 2
        # Hanley and McNeil's variance (1982), with both sides' number of runs at their mean.
        pairs = (n + m) / 2 - 1
        others = pairs * ((1 - middle) / (2 - middle) + middle / (1 + middle))
        error = math.sqrt(middle * (1 - middle) * (1 + others) / (n * m))
        if abs(middle - share) < z * error:
            near = middle
        else:
            far = middle
    return near
