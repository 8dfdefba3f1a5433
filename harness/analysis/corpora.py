"""Statistics over several corpora: average ranks, and the difference on corpora drawn anew."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import add
from typing import NamedTuple

from harness.analysis.random_effects import StudyEstimate
from harness.analysis.statistics import StudentT, deviation, mean, student

# The most corpora for which all orders of the ranks are counted, by the number of treatments.
_EXACT_UP_TO = {2: 30, 3: 30, 4: 12, 5: 5, 6: 3}


class Ranks(NamedTuple):
    """The average rank of each treatment, 1 the best, and Friedman's tests that all are alike.

    `p` is exact where corpora are few enough, as `exact` says; else that of `f`, which is Iman and
    Davenport's form of `chi_squared`. `f` is None where all corpora agree, and then `p` may be.
    """

    average: Sequence[float]
    chi_squared: float
    f: float | None
    p: float | None
    exact: bool = False


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
    alike = rest <= 1e-9 * n * (k - 1)  # every corpus ranks alike
    f = None if alike else (n - 1) * chi_squared / rest
    if n <= _EXACT_UP_TO.get(k, 0):
        return Ranks(average, chi_squared, f, _friedman_p(ranked), exact=True)
    p = None if f is None else float(fdtrc(k - 1, (k - 1) * (n - 1), max(0.0, f)))
    return Ranks(average, chi_squared, f, p)


def _friedman_p(ranked: Sequence[Sequence[float]]) -> float:
    """The share of all orders of the ranks within corpora that differ as much (Friedman 1937).

    Treatments are alike under the hypothesis, so that only the sorted sums of ranks matter.
    """
    first, *others = ([round(2 * rank) for rank in row] for row in ranked)  # half ranks: integers
    sums = Counter({tuple(sorted(first)): 1})
    for row in others:
        orders = Counter(itertools.permutations(row))
        added: Counter[tuple[int, ...]] = Counter()
        for before, count in sums.items():
            for order, times in orders.items():
                added[tuple(sorted(map(add, before, order)))] += count * times
        sums = added
    columns = zip(first, *others, strict=True)
    observed = _squares([sum(column) for column in columns])
    as_large = sum(count for after, count in sums.items() if _squares(after) >= observed)
    return as_large / sums.total()


def _squares(values: Sequence[int]) -> int:
    return sum(value**2 for value in values)


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
