"""How small a difference a t test would have found: by integration, not by simulation."""

from __future__ import annotations

import math
from functools import lru_cache

from harness.analysis.statistics import ALPHA

POWER = 0.8
_STEP, _FARTHEST = 0.01, 9.0  # in standard deviations; beyond lies 1e-18


def power(shift: float, *, df: float, alpha: float = ALPHA) -> float:
    """The probability that a two-sided t test at `alpha` finds a shift.

    `shift` is the true difference in standard errors of its estimate: d_z sqrt(n) of n pairs, with
    n - 1 degrees of freedom. T = (Z + shift) / sqrt(V / df) with Z normal and V chi-squared, so
    P(|T| > c) is the mean of P(V < df (z + shift)^2 / c^2) over z.
    """
    import numpy as np
    from scipy.special import chdtr, stdtrit

    critical = float(stdtrit(df, 1 - alpha / 2))
    z = np.arange(-_FARTHEST, _FARTHEST + _STEP / 2, _STEP)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return float(_STEP * (density * chdtr(df, df * ((z + shift) / critical) ** 2)).sum())


@lru_cache(maxsize=4096)
def smallest_shift(df: float, *, alpha: float = ALPHA, wanted: float = POWER) -> float:
    """The shift that a two-sided t test at `alpha` finds with a probability of `wanted`.

    Over sqrt(n), it is the smallest effect d_z that n pairs show.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtri, stdtrit

    critical = float(stdtrit(df, 1 - alpha / 2))
    farthest = critical * math.sqrt(float(chdtri(df, 1e-3)) / df) + _FARTHEST
    missing = lambda shift: power(shift, df=df, alpha=alpha) - wanted  # noqa: E731 (what brentq solves)
    return float(brentq(missing, 0.0, farthest, xtol=1e-9))
