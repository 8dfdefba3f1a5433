"""Statistics over several corpora: average ranks, and the difference on corpora drawn anew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.analysis.random_effects import StudyEstimate
from harness.analysis.statistics import StudentT, deviation, mean, student


class Ranks(NamedTuple):
    """The average rank of each treatment, 1 the best, and Friedman's tests that all are alike.

    `f` is Iman and Davenport's form of `chi_squared`, `p` its p; None where all corpora agree.
    """

    average: Sequence[float]
    chi_squared: float
    f: float | None
    p: float | None


def average_ranks(scores: Sequence[Sequence[float]], *, higher_is_better: bool) -> Ranks:
    """Rank at least two treatments within each of at least two corpora (Demsar 2006).

    `scores` has a row for each corpus. Equal scores share their average rank, and the tests are not
    corrected for them, as in that paper.
    """
    from scipy.special import fdtrc

    ranked = [_ranks([-s if higher_is_better else s for s in row]) for row in scores]
    n, k = len(ranked), len(ranked[0])
    average = [mean(column) for column in zip(*ranked, strict=True)]
    squares = math.fsum(rank**2 for rank in average)
    chi_squared = 12 * n / (k * (k + 1)) * (squares - k * (k + 1) ** 2 / 4)
    rest = n * (k - 1) - chi_squared
    if rest <= 1e-9 * n * (k - 1):  # every corpus ranks alike
        return Ranks(average, chi_squared, None, None)
    f = (n - 1) * chi_squared / rest
    return Ranks(average, chi_squared, f, float(fdtrc(k - 1, (k - 1) * (n - 1), max(0.0, f))))


def _ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < value for other in values) + (1 + sum(other == value for other in values)) / 2
        for value in values
    ]


class OnNewCorpora(NamedTuple):
    """The mean difference as for corpora drawn anew, and its standard deviation between them."""

    test: StudentT
    between: float


def on_new_corpora(within: Mapping[str, StudyEstimate], *, overall: StudyEstimate) -> OnNewCorpora:
    """The difference on more corpora like these, of which there are at least two.

    `within` has the difference in each, `overall` their mean with its error over seeds. Corpora
    share seeds, so that their differences may be correlated: with s^2 the variance of differences
    between k corpora, the variance of the mean is s^2 / k plus the covariance, which is
    (k overall^2 - mean of within^2) / (k - 1). It has k - 1 degrees of freedom.
    """
    k = len(within)
    own = mean([estimate.error**2 for estimate in within.values()])
    covariance = (k * overall.error**2 - own) / (k - 1)
    seen = deviation([estimate.value for estimate in within.values()]) ** 2
    variance = max(overall.error**2, seen / k + max(0.0, covariance))
    between = math.sqrt(max(0.0, seen - own + covariance))
    test = student(overall.value, error=math.sqrt(variance), df=k - 1)
    return OnNewCorpora(test, between)
