"""The sign test: a paired test and an interval for the median that hold for independent noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from harness.analysis.statistics import ALPHA

_POWER = 0.8


def sign_p(differences: Sequence[float]) -> float:
    """The two-sided exact p that the median difference is 0 (Arbuthnott 1710; Dixon, Mood 1946).

    If at most half of all differences are above 0 and at most half below, the larger of the two
    counts is at least m with probability at most 2 P(B >= m), B binomial of n and 1/2. A difference
    of 0 counts for neither side: it is evidence against both.
    """
    n = len(differences)
    most = max(sum(value > 0 for value in differences), sum(value < 0 for value in differences))
    return min(1.0, 2 * _upper_tail(most, n=n))


def sign_interval(differences: Sequence[float], *, confidence: float) -> tuple[float, float] | None:
    """The interval of the median between two order statistics (Thompson 1936).

    Its confidence is at least what is asked for, and it excludes 0 just where `sign_p` is at most
    1 - `confidence`. None if the whole range is not enough: 95% takes six differences.
    """
    n, ordered = len(differences), sorted(differences)
    least = _rejecting(n, alpha=1 - confidence)
    return (ordered[n - least], ordered[least - 1]) if least else None


def sign_equivalence_p(differences: Sequence[float], *, margin: float) -> float:
    """The larger p of two one-sided sign tests that the median is beyond the margin."""
    inside = (
        sum(value > -margin for value in differences),
        sum(value < margin for value in differences),
    )
    return _upper_tail(min(inside), n=len(differences))


def sign_power(effect: float, *, n: int, alpha: float = ALPHA) -> float:
    """The power for normal differences, with `effect` in their standard deviations."""
    least = _rejecting(n, alpha=alpha)
    above = NormalDist().cdf(effect)
    return sum(_tail(least, n=n, rate=rate) for rate in (above, 1 - above)) if least else 0.0


def sign_detectable(n: int, *, alpha: float = ALPHA) -> float | None:
    """The effect that normal differences show with a power of 80%; None if no p is below alpha."""
    if not _rejecting(n, alpha=alpha):
        return None
    low, high = 0.0, 12.0  # the rate at 12 standard deviations is 1
    while high - low > 1e-9:
        middle = (low + high) / 2
        if sign_power(middle, n=n, alpha=alpha) < _POWER:
            low = middle
        else:
            high = middle
    return high


def sign_seeds_for(effect: float, *, alpha: float = ALPHA) -> int:
    """The fewest seeds from which on this effect is shown with a power of 80%, in normal noise."""
    share = NormalDist().cdf(abs(effect)) - 0.5
    n = last = max(2, int(0.8 / share**2))  # too few: without a continuity it takes 1.96 / share^2
    # Power is a saw in n, as p is discrete, so the search goes past its first teeth.
    while n < 1.2 * last + 20:
        if sign_power(effect, n=n, alpha=alpha) < _POWER:
            last = n
        n += 1
    return last + 1


def _rejecting(n: int, *, alpha: float) -> int | None:
    """The smallest count of one sign at which p is below alpha."""
    low, high = n // 2, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        if 2 * _tail(middle, n=n, rate=0.5) < alpha:
            high = middle
        else:
            low = middle
    return high if high <= n else None


def _upper_tail(count: int, *, n: int) -> float:
    # In whole numbers: both sides of the fraction exceed a float from some 1,000 pairs on.
    return sum(math.comb(n, hits) for hits in range(count, n + 1)) / (1 << n)


def _tail(count: int, *, n: int, rate: float) -> float:
    from scipy.special import bdtrc

    return float(bdtrc(count - 1, n, rate))
