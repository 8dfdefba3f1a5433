"""Power of the t test: detectable effects, in standard deviations, and the seeds they need.

An effect is in standard deviations of the tested quantity: of the paired differences (d_z) or,
unpaired, of either side's scores (d). With equal variances, Welch's test has the power of the
unpaired t test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from statistics import variance

from harness.analysis.statistics import ALPHA

POWER = 0.8
_NODES = 32  # of the Gauss-Legendre rule, per panel
_REACH = 12.0  # standard deviations around the mean, beyond which the density is negligible


def power(effect: float, *, n: int, alpha: float = ALPHA, paired: bool = True) -> float:
    """The probability that the two-sided t test at level `alpha` detects a true effect.

    `n` is the number of pairs, or of runs on each side. Raises `ValueError` for fewer than two.
    """
    df, shift = _test(effect, n=n, paired=paired)
    return power_at(shift, df=df, alpha=alpha)


def power_at(shift: float, *, df: float, alpha: float = ALPHA) -> float:
    """The power of any t test; `shift` is the effect in standard errors of its estimate.

    Given s, the sample's standard deviation over the true one, the test's mean is normal: power is
    the mean of Phi(shift - t s) + Phi(-shift - t s) over the distribution of s, chi / sqrt(df),
    integrated panel by panel. (Cohen 1988, chapter 2, uses the noncentral t; scipy's is NaN in the
    far tail.)
    """
    import numpy as np
    from scipy.special import gammaln, ndtr, stdtrit

    t = -float(stdtrit(df, alpha / 2))
    edges = _edges(df, turn=shift / t, width=1 / t)
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    low, half = np.array(edges[:-1])[:, None], np.diff(edges)[:, None] / 2
    s = low + half * (x + 1)
    # In logarithms: the gamma function overflows from about 340 degrees of freedom on.
    scale = math.log(2) + df / 2 * math.log(df / 2) - float(gammaln(df / 2))
    density = np.exp(scale + (df - 1) * np.log(s) - df / 2 * s**2)
    rejected = ndtr(shift - t * s) + ndtr(-shift - t * s)
    # Rounding may take the quadrature past 1.
    return min(1.0, float((half * weight * density * rejected).sum()))


@lru_cache(maxsize=4096)
def smallest_shift(df: float, *, alpha: float = ALPHA, target: float = POWER) -> float:
    """The smallest shift that a t test detects with a probability of at least `target`."""
    low, high = 0.0, 1.0
    while power_at(high, df=df, alpha=alpha) < target:
        low, high = high, 2 * high
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        if power_at(middle, df=df, alpha=alpha) < target:
            low = middle
        else:
            high = middle
    # The upper end, at which the target is reached for certain.
    return high


def detectable(n: int, *, alpha: float = ALPHA, power: float = POWER, paired: bool = True) -> float:
    """The smallest true effect that the test detects with a probability of at least `power`.

    Raises `ValueError` for fewer than two.
    """
    df, unit = _test(1.0, n=n, paired=paired)
    return smallest_shift(df, alpha=alpha, target=power) / unit


def seeds_for(
    effect: float,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
    paired: bool = True,
    freedom: float = math.inf,
) -> int:
    """The fewest seeds with which the test detects this true effect with `power`.

    With a finite `freedom`, the effect is in estimated standard deviations, and the power is
    `mean_power`. Raises `ValueError` for an effect of 0, which no number of seeds can detect.
    """
    if effect == 0:
        raise ValueError("no number of seeds shows an effect of 0")

    def too_few(n: int) -> bool:
        return mean_power(effect, n=n, alpha=alpha, paired=paired, freedom=freedom) < power

    low, high = 1, 2  # 1 is too few: a test needs 2
    while too_few(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if too_few(middle):
            low = middle
        else:
            high = middle
    return high


def mean_power(
    effect: float,
    *,
    n: int,
    alpha: float = ALPHA,
    paired: bool = True,
    freedom: float = math.inf,
) -> float:
    """The power for an effect in estimated standard deviations, over what the true one may be.

    An estimate s with `freedom` degrees puts the true one at s / u, where u is distributed as
    chi / sqrt(freedom), so the effect is u times as large in true ones; power is averaged over u.
    """
    if math.isinf(freedom):
        return power(effect, n=n, alpha=alpha, paired=paired)
    sizes, weights = _chi_nodes(freedom)
    return sum(
        weight * power(effect * size, n=n, alpha=alpha, paired=paired)
        for size, weight in zip(sizes, weights, strict=True)
    )


@lru_cache(maxsize=64)
def _chi_nodes(freedom: float) -> tuple[Sequence[float], Sequence[float]]:
    """Gauss-Legendre nodes of chi / sqrt(freedom) in its own probability, and their weights."""
    import numpy as np
    from scipy.special import chdtri

    x, weight = np.polynomial.legendre.leggauss(_NODES)
    quantiles = np.sqrt(chdtri(freedom, (1 - x) / 2) / freedom)
    return quantiles.tolist(), (weight / 2).tolist()


def spread_interval(freedom: float) -> tuple[float, float]:
    """The 95% interval of a standard deviation, in multiples of its estimate (chi-square)."""
    from scipy.special import chdtri

    if math.isinf(freedom):
        return 1.0, 1.0
    low, high = (math.sqrt(freedom / float(chdtri(freedom, tail))) for tail in (0.025, 0.975))
    return low, high


def pooled_sd(
    samples: Iterable[Sequence[float]], *, correlation: float = 0.0
) -> tuple[float, float] | None:
    """The standard deviation within samples, and its degrees of freedom; None if there are none.

    s^2 = sum of squared deviations from each sample's own mean / sum of (n - 1). Samples that
    correlate repeat each other: their degrees of freedom are those of the chi-square with the
    variance of s^2 (Satterthwaite 1946), in which each pair of samples adds its shared
    (n - 1) correlation^2.
    """
    squares, sizes = 0.0, []
    for sample in samples:
        if len(sample) > 1:
            squares += variance(sample) * (len(sample) - 1)
            sizes.append(len(sample) - 1)
    if not sizes:
        return None
    total = sum(sizes)
    repeated = 2 * sum(min(pair) for pair in combinations(sizes, 2)) * correlation**2
    return math.sqrt(squares / total), total / (1 + repeated / total)


def _test(effect: float, *, n: int, paired: bool) -> tuple[int, float]:
    """The degrees of freedom and the noncentrality of t."""
    if n < 2:
        raise ValueError(f"a test needs 2 seeds, got {n}")
    return (n - 1, effect * math.sqrt(n)) if paired else (2 * n - 2, effect * math.sqrt(n / 2))


def _edges(df: float, *, turn: float, width: float) -> list[float]:
    """Edges of panels that resolve both the density of s and the step of the rejection curve."""
    spread = _REACH / math.sqrt(2 * df)
    low, high = max(0.0, 1 - spread), 1 + spread
    evenly = [low + (high - low) * part / 8 for part in range(9)]
    near = [turn + width * step for step in (-8, -4, -2, -1, 0, 1, 2, 4, 8)]
    return sorted({*evenly, *(edge for edge in near if low < edge < high)})
