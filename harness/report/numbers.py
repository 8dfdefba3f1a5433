"""Numbers as text, with as many digits as their interval supports."""

from __future__ import annotations

import math

from harness.contracts import Finding

NOT_AVAILABLE = "n/a"
_MOST_DECIMALS = 6
_LARGE = 1e7  # from here on in exponential notation


def decimal_places(finding: Finding) -> int:
    """Decimals for two digits of the interval's half-width; without one, four of the mean."""
    if finding.interval_low is not None and finding.interval_high is not None:
        return _decimals((finding.interval_high - finding.interval_low) / 2, digits=2)
    return _decimals(finding.baseline_mean or finding.variant_mean or 0.0, digits=4)


def number_text(value: float | None, *, places: int, sign: str = "") -> str:
    """A number with this many decimals, or ``n/a``; `sign` is ``+`` to show that of all numbers."""
    if value is None:
        return NOT_AVAILABLE
    rounded = round(value, places) or 0.0  # never -0.0, nor +0.0
    form = f".{places}f" if abs(rounded) < _LARGE else ".4g"
    return format(rounded, sign + form if rounded else form)


def difference_text(finding: Finding) -> str:
    """The mean difference and its interval, such as ``-1.96 (-2.02 to -1.90)``."""
    places = decimal_places(finding)
    center, low, high = (
        number_text(value, places=places, sign="+")
        for value in (finding.difference, finding.interval_low, finding.interval_high)
    )
    return center if finding.interval_low is None else f"{center} ({low} to {high})"


def interval_text(low: float | None, *, high: float | None, places: int) -> str:
    """An interval, such as ``-2.02 to -1.90``."""
    if low is None or high is None:
        return NOT_AVAILABLE
    return " to ".join(number_text(value, places=places, sign="+") for value in (low, high))


def _decimals(value: float, *, digits: int) -> int:
    if value == 0:  # which has no logarithm
        return 1
    return min(_MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
