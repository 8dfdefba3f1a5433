"""Numbers with as many digits as the interval beside them supports."""

from __future__ import annotations

import math

from harness.contracts import Finding

NONE = "n/a"
_MOST_DECIMALS = 6
_LARGE = 1e7  # from here on with an exponent


def decimals(finding: Finding) -> int:
    """Decimals that keep two digits of the interval's half width; without one, four of the mean."""
    if finding.interval_low is not None and finding.interval_high is not None:
        return _decimals((finding.interval_high - finding.interval_low) / 2, digits=2)
    return _decimals(finding.baseline_mean or finding.variant_mean or 0.0, digits=4)


def number(value: float | None, *, places: int, sign: str = "") -> str:
    """A number with so many decimals, or that there is none; `sign` is ``+`` to show it always."""
    if value is None:
        return NONE
    rounded = round(value, places) or 0.0  # never -0.0, nor +0.0
    form = f".{places}f" if abs(rounded) < _LARGE else ".4g"
    return format(rounded, sign + form if rounded else form)


def difference(finding: Finding) -> str:
    """The mean difference and its interval, such as ``-1.96 (-2.02 to -1.90)``."""
    places = decimals(finding)
    center, low, high = (
        number(value, places=places, sign="+")
        for value in (finding.difference, finding.interval_low, finding.interval_high)
    )
    return center if finding.interval_low is None else f"{center} ({low} to {high})"


def between(low: float | None, *, high: float | None, places: int) -> str:
    """An interval, such as ``-2.02 to -1.90``."""
    if low is None or high is None:
        return NONE
    return " to ".join(number(value, places=places, sign="+") for value in (low, high))


def _decimals(value: float, *, digits: int) -> int:
    if value == 0:
        return 1
    return min(_MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
