"""What a number of seeds can show: the power of the t test, in standard deviations.

An effect is in standard deviations of what is tested: of the paired differences (d_z) or, unpaired,
of either side's scores (d). Welch's test has the power of the unpaired one when both spread alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import variance

_NODES = 32  # of the Gauss-Legendre rule, a panel
_REACH = 12.0  # standard deviations around a mean, beyond which nothing is left


def power(effect: float, *, n: int, alpha: float = 0.05, paired: bool = True) -> float:
    """The probability that the two-sided t test at level `alpha` sees a true effect.

    Given s, the sample's standard deviation over the true one, the test's mean is normal: power is
    the mean of Phi(delta - t s) + Phi(-delta - t s) over the law of s, chi / sqrt(nu), which is
    integrated panel by panel (Cohen 1988, chapter 2, has the noncentral t; scipy's is NaN far out).
    `n` is the number of pairs, or of runs on each side. Raises `ValueError` for fewer than two.
    """
    import numpy as np
    from scipy.special import gammaln, ndtr, stdtrit

    nu, delta = _test(effect, n=n, paired=paired)
    t = -float(stdtrit(nu, alpha / 2))
    edges = _edges(nu, turn=delta / t, width=1 / t)
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    low, half = np.array(edges[:-1])[:, None], np.diff(edges)[:, None] / 2
    s = low + half * (x + 1)
    scale = math.log(2) + nu / 2 * math.log(nu / 2) - float(gammaln(nu / 2))
    density = np.exp(scale + (nu - 1) * np.log(s) - nu / 2 * s**2)
    rejected = ndtr(delta - t * s) + ndtr(-delta - t * s)
    return min(1.0, float((half * weight * density * rejected).sum()))


def detectable(n: int, *, alpha: float = 0.05, power: float = 0.8, paired: bool = True) -> float:
    """The smallest true effect that the test sees with a probability of at least `power`.

    Raises `ValueError` for fewer than two.
    """
    low, high = 0.0, 1.0
    while _power(high, n=n, alpha=alpha, paired=paired) < power:
        low, high = high, 2 * high
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        if _power(middle, n=n, alpha=alpha, paired=paired) < power:
            low = middle
        else:
            high = middle
    return high


def seeds_for(
    effect: float, *, alpha: float = 0.05, power: float = 0.8, paired: bool = True
) -> int:
    """The fewest seeds with which the test sees this true effect with `power`.

    Raises `ValueError` for an effect of 0, which no number of seeds would show.
    """
    if effect == 0:
        raise ValueError("no number of seeds shows an effect of 0")
    low, high = 1, 2
    while _power(effect, n=high, alpha=alpha, paired=paired) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _power(effect, n=middle, alpha=alpha, paired=paired) < power:
            low = middle
        else:
            high = middle
    return high


def pooled_sd(samples: Iterable[Sequence[float]]) -> tuple[float, int] | None:
    """The standard deviation within samples, and its degrees of freedom; None where there are none.

    s^2 = sum of squared deviations from each sample's own mean / sum of (n - 1).
    """
    squares, freedom = 0.0, 0
    for sample in samples:
        if len(sample) > 1:
            squares += variance(sample) * (len(sample) - 1)
            freedom += len(sample) - 1
    return (math.sqrt(squares / freedom), freedom) if freedom else None


_power = power  # where `power` is the one that is wished for


def _test(effect: float, *, n: int, paired: bool) -> tuple[int, float]:
    """The degrees of freedom, and the noncentrality of t."""
    if n < 2:
        raise ValueError(f"a test needs 2 seeds, got {n}")
    return (n - 1, effect * math.sqrt(n)) if paired else (2 * n - 2, effect * math.sqrt(n / 2))


def _edges(nu: int, *, turn: float, width: float) -> list[float]:
    """Panels that follow both the law of s and the place where the test turns."""
    spread = _REACH / math.sqrt(2 * nu)
    low, high = max(0.0, 1 - spread), 1 + spread
    evenly = [low + (high - low) * part / 8 for part in range(9)]
    near = [turn + width * step for step in (-8, -4, -2, -1, 0, 1, 2, 4, 8)]
    return sorted({*evenly, *(edge for edge in near if low < edge < high)})
