"""The variance of a score by its sources: initial weights, other noise of training, sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.sentence_intervals import clustered_error, shared_documents
from harness.analysis.statistics import deviation, mean

WEIGHTS, NOISE = "initial weights", "order and noise"
SEEDS, SENTENCES = "seeds (all that they decide)", "test sentences"


class VarianceSource(NamedTuple):
    """The variance that a source adds to a score, and its 95% interval, on `df` of freedom."""

    name: str
    variance: float
    low: float
    high: float
    df: int


def nested_variances(groups: Sequence[Sequence[float]]) -> tuple[VarianceSource, VarianceSource]:
    """The variances between groups of one size and within them, from the analysis of variance.

    Between is (MSB - MSW) / n, or 0 where that is negative: the REML estimate of balanced data
    (Searle, Casella and McCulloch 1992). The interval within is exact, that between Williams's
    (1962), which covers at least 95% in practice.
    """
    from scipy.special import fdtri

    n, count = len(groups[0]), len(groups)
    df_between, df_within = count - 1, count * (n - 1)
    between = n * deviation([mean(group) for group in groups]) ** 2
    within = mean([deviation(group) ** 2 for group in groups])
    chances = (0.975, 0.025)
    low, high = (
        max(0.0, between - within * float(fdtri(df_between, df_within, chance)))
        * df_between
        * _over_chi_squared(df_between, chance=chance)
        / n
        for chance in chances
    )
    return (
        VarianceSource(WEIGHTS, max(0.0, (between - within) / n), low, high, df_between),
        _variance(NOISE, variance=within, df=df_within),
    )


def variance_sources(
    runs: Mapping[tuple[str, int], RunResult],
    *,
    variants: Sequence[str],
    seeds: Sequence[int],
    metric: ScoredMetric,
) -> list[VarianceSource]:
    """The sources of a score's variance in variants that are one experiment.

    Seeds in which some run has no score are left out. With one variant, the seeds are one source;
    with more, which share the weights of each seed, what differs within a seed is another. Empty
    with fewer than two seeds.
    """
    groups = [
        [runs[variant, seed] for variant in variants]
        for seed in seeds
        if all((variant, seed) in runs for variant in variants)
        and all(runs[variant, seed].score(metric.name) is not None for variant in variants)
    ]
    if len(groups) < 2:
        return []
    scores = [[run.scores[metric.name] for run in group] for group in groups]
    found: list[VarianceSource]
    if len(variants) > 1:
        found = [*nested_variances(scores)]
    else:
        first = [score for (score,) in scores]
        found = [_variance(SEEDS, variance=deviation(first) ** 2, df=len(first) - 1)]
    return [*found, *_of_sentences([run for group in groups for run in group], metric=metric)]


def _of_sentences(runs: Sequence[RunResult], *, metric: ScoredMetric) -> list[VarianceSource]:
    """The variance of the mean over runs on so many other sentences, which runs share.

    Sentences of one document count together, as in intervals over sentences.
    """
    import numpy as np

    known = [run.sentences[metric.name].influence for run in runs if metric.name in run.sentences]
    if len(known) < len(runs) or len({len(influence) for influence in known}) != 1:
        return []
    influence = np.mean(known, axis=0)
    if documents := shared_documents(runs, metric=metric.name):
        error, count = clustered_error(influence, documents=documents)
        return [_variance(SENTENCES, variance=error**2, df=count - 1)] if count > 1 else []
    n = len(influence)
    variance = float(np.var(influence, ddof=1)) / n
    return [_variance(SENTENCES, variance=variance, df=n - 1)]


def _variance(name: str, *, variance: float, df: int) -> VarianceSource:
    low, high = (variance * df * _over_chi_squared(df, chance=chance) for chance in (0.975, 0.025))
    return VarianceSource(name, variance, low, high, df)


def _over_chi_squared(df: int, *, chance: float) -> float:
    """One over this quantile of the chi-square distribution."""
    from scipy.special import chdtri

    return 1 / float(chdtri(df, 1 - chance))


def share_of(source: VarianceSource, *, sources: Sequence[VarianceSource]) -> float | None:
    """The share of a source in the sum of all; None if that is 0."""
    total = math.fsum(other.variance for other in sources)
    return source.variance / total if total else None
