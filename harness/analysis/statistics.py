"""Statistical tests, as functions of numbers; the order of values changes no bit of the results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

ALPHA = 0.05
_NO_SPREAD = 1e-300  # its square is 0


class StudentT(NamedTuple):
    """A difference of means with its 95% confidence interval and two-sided p.

    `error` is the standard error of the difference, `df` the degrees of freedom of its estimate.
    """

    mean: float
    low: float
    high: float
    p: float
    error: float
    df: float


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of at least two values, over n - 1."""
    return _norm(values) / math.sqrt(len(values) - 1)


def paired_t(
    differences: Sequence[float], *, resolution: float = 0.0, confidence: float = 0.95
) -> StudentT | None:
    """Student's t test that the mean difference is 0 (Student 1908).

    t = mean / (s / sqrt(n)) with n - 1 degrees of freedom, s the standard deviation of the
    differences over n - 1. None if no such t exists: with fewer than two differences,
    or if none differs from another by more than `resolution`, the rounding error of a difference.
    """
    n = len(differences)
    if n < 2 or not _spread(differences, resolution=resolution):
        return None
    error = deviation(differences) / math.sqrt(n)
    return student(mean(differences), error=error, df=n - 1, confidence=confidence)


def welch_t(
    variant: Sequence[float],
    *,
    baseline: Sequence[float],
    resolution: float = 0.0,
    confidence: float = 0.95,
) -> StudentT | None:
    """Welch's t test that two means are equal, for any two variances (Welch 1947).

    t = (m1 - m2) / sqrt(v1 + v2), v = s^2 / n of each side, with the degrees of freedom
    (v1 + v2)^2 / (v1^2 / (n1 - 1) + v2^2 / (n2 - 1)) (Satterthwaite 1946). None if no such t
    exists: with fewer than two values on a side, or no spread beyond `resolution` on either.
    """
    sides = variant, baseline
    spread = any(_spread(values, resolution=resolution) for values in sides if values)
    if min(map(len, sides)) < 2 or not spread:
        return None
    errors = [deviation(values) / math.sqrt(len(values)) for values in sides]
    error = math.hypot(*errors)
    # (v / sum of v)^2 = (part / error)^4. Divided first: the fourth power of either may be 0.
    shares = [
        (part / error) ** 4 / (len(values) - 1) for part, values in zip(errors, sides, strict=True)
    ]
    difference = mean(variant) - mean(baseline)
    return student(difference, error=error, df=1 / math.fsum(shares), confidence=confidence)


def student(difference: float, *, error: float, df: float, confidence: float = 0.95) -> StudentT:
    """The t test and the interval of a difference with this standard error."""
    # Not `scipy.stats`, which takes five times as long to import.
    from scipy.special import stdtr, stdtrit

    half_width = float(stdtrit(df, (1 + confidence) / 2)) * error
    # The lower tail itself: 1 - cdf would round a small p to 0.
    p = 2 * float(stdtr(df, -abs(difference) / error))
    low, high = difference - half_width, difference + half_width
    return StudentT(mean=difference, low=low, high=high, p=p, error=error, df=df)


def equivalence_p(test: StudentT, *, margin: float) -> float:
    """The larger p of two one-sided t tests (Schuirmann 1987).

    The null hypotheses are that the difference is at most -margin, and that it is at least margin.
    If p is below alpha, the 1 - 2 alpha interval lies within the margin.
    """
    from scipy.special import stdtr

    above = float(stdtr(test.df, -(test.mean + margin) / test.error))
    below = float(stdtr(test.df, (test.mean - margin) / test.error))
    return max(above, below)


def unbiased(effect: float, *, df: float) -> float | None:
    """A standardized difference, corrected for its bias at small n (Hedges 1981).

    Times J = gamma(df / 2) / (sqrt(df / 2) gamma((df - 1) / 2)); None below two degrees of freedom,
    for which the correction does not exist.
    """
    if df < 2:
        return None
    log = math.lgamma(df / 2) - math.lgamma((df - 1) / 2) - math.log(df / 2) / 2
    return effect * math.exp(log)


def pooled_deviation(*sides: Sequence[float]) -> float:
    """The standard deviation within groups, over the sum of n - 1."""
    return math.hypot(*(_norm(side) for side in sides)) / math.sqrt(sum(map(len, sides)) - 2)


def correlation(first: Sequence[float], *, second: Sequence[float]) -> float | None:
    """Pearson's correlation; None for fewer than three pairs, or if a side has no spread."""
    norms = _norm(first), _norm(second)
    if len(first) < 3 or min(norms) <= _NO_SPREAD:
        return None
    centers = mean(first), mean(second)
    products = [
        (x - centers[0]) / norms[0] * ((y - centers[1]) / norms[1])
        for x, y in zip(first, second, strict=True)
    ]
    return min(1.0, max(-1.0, math.fsum(products)))  # rounding may go past 1


def correlation_interval(value: float, *, n: int) -> tuple[float, float] | None:
    """The 95% interval of a correlation over n pairs: tanh(atanh(r) +- 1.96 / sqrt(n - 3)).

    Fisher (1921). Three pairs or fewer exclude no correlation. None at -1 and 1, whose interval
    would have no width: that all pairs lie on a line says nothing of how far others may be off it.
    """
    from scipy.special import ndtri

    if math.isclose(abs(value), 1, rel_tol=1e-12):  # but for rounding
        return None
    if n <= 3:
        return -1.0, 1.0
    half_width = float(ndtri(1 - ALPHA / 2)) / math.sqrt(n - 3)
    center = math.atanh(value)
    return math.tanh(center - half_width), math.tanh(center + half_width)


def mcnemar_p(only_first: int, *, only_second: int) -> float:
    """McNemar's exact two-sided p that either of two events is equally likely to occur alone.

    Under the null hypothesis, each case in which exactly one of them occurred is a fair coin toss.
    """
    n, least = only_first + only_second, min(only_first, only_second)
    # In whole numbers: both sides of the fraction exceed a float from some 1,000 cases on.
    ways = sum(math.comb(n, hits) for hits in range(least + 1))
    return min(1.0, 2 * ways / (1 << n))


def fisher_p(first: tuple[int, int], *, second: tuple[int, int]) -> float:
    """Fisher's exact two-sided p that two rates are equal, each as (events, non-events).

    The probability of all tables with these margins that are no more probable than the observed one
    (Fisher 1935).
    """
    hits, n, others = first[0] + second[0], sum(first), sum(second)
    ways = [math.comb(n, k) * math.comb(others, hits - k) for k in range(min(n, hits) + 1)]
    # Whole numbers, of which equal ones are equal; `comb` is 0 for tables the margins exclude.
    observed = ways[first[0]]
    return sum(way for way in ways if way <= observed) / math.comb(n + others, hits)


def holm(values: Sequence[float]) -> list[float]:
    """The p values of a family, adjusted for multiple testing, in their order (Holm 1979).

    The i-th smallest of k becomes the largest of (k - j + 1) * p_(j) over j <= i, at most 1. The
    probability that any true null hypothesis is adjusted to a p below alpha is at most alpha.
    """
    adjusted = [0.0] * len(values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=lambda i: values[i])):
        largest = max(largest, (len(values) - rank) * values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def _spread(values: Sequence[float], *, resolution: float) -> bool:
    return max(values) - min(values) > max(resolution, _NO_SPREAD)


def _norm(values: Sequence[float]) -> float:
    center = mean(values)
    # Sorted, so that order changes no bit; `hypot`, as squares of tiny deviations would be 0.
    return math.hypot(*sorted(abs(value - center) for value in values))
