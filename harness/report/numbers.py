"""Numbers as text, with as many digits as their interval supports."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from harness.contracts import Finding

NOT_AVAILABLE = "n/a"
_LARGE = 1e7  # from here on in exponential notation, unless the interval needs more digits
_LARGE_DIGITS = 4  # that are shown then
_SMALL = 1e-4  # and below this, if it has more than `_MOST_DECIMALS`
_MOST_DECIMALS = 6
_DIGITS = 15  # that a float holds


def decimal_places(finding: Finding) -> int:
    """Decimals for two digits of the interval's half-width; without one, four of the mean.

    More where a bound would be written as 0, and the interval excludes it.
    Of a large number, the decimals are negative if not even its last whole digits count.
    """
    if finding.interval_low is not None and finding.interval_high is not None:
        half = (finding.interval_high - finding.interval_low) / 2
        places = _decimals(_shorter_arm(finding, half=half), digits=2)
        if _reads_as_0(finding, places=places):
            nearest = min(abs(finding.interval_low), abs(finding.interval_high))
            places = _decimals(nearest, digits=1)
        return min(places, _decimals(half, digits=4))
    mean = finding.baseline_mean or finding.variant_mean or 0.0
    places = _decimals(mean, digits=4)
    if not finding.difference:
        return places
    # A difference beyond the digits of the means is rounding.
    finest = _decimals(mean, digits=_DIGITS) if mean else places
    return max(places, min(finest, _decimals(finding.difference, digits=2)))


def common_places(findings: Sequence[Finding], *, fewest: bool = False) -> list[int]:
    """Decimals of each row: one number for all, unless intervals differ by more than a digit."""
    own = [decimal_places(finding) for finding in findings]
    of_intervals = [
        places
        for finding, places in zip(findings, own, strict=True)
        if finding.interval_low is not None
    ]
    if not of_intervals or max(of_intervals) - min(of_intervals) > 1:
        return own
    common = min(of_intervals) if fewest else max(of_intervals)
    return [
        places if _reads_as_0(finding, places=common) else common
        for finding, places in zip(findings, own, strict=True)
    ]


def _reads_as_0(finding: Finding, *, places: int) -> bool:
    """True if so few decimals write 0 for what is not: a bound, or a difference without bounds.

    That is a bound of an interval which excludes 0, as no reader could see it then.
    """
    low, high = finding.interval_low, finding.interval_high
    values = [finding.difference or 0.0]
    if low is not None and high is not None:
        values = [low, high] if low > 0 or high < 0 else []
    apart = [value for value in values if abs(value) > _rounding(finding)]
    return any(round(value, places) == 0 for value in apart)


def number_text(value: float | None, *, places: int, sign: str = "") -> str:
    """A number with this many decimals, or ``n/a``; `sign` is ``+`` to show that of all numbers."""
    if value is None:
        return NOT_AVAILABLE
    rounded = round(value, max(0, places)) or 0.0  # never -0.0, nor +0.0
    if value and not rounded and places > _MOST_DECIMALS:  # small, but not 0
        return format(value, f"{sign}.1e")
    if places > _MOST_DECIMALS and abs(rounded) < _SMALL:
        digits = places + math.floor(math.log10(abs(rounded))) if rounded else 0
        return format(rounded, f"{sign}.{digits}e") if rounded else "0"
    if places > _MOST_DECIMALS:
        places = min(places, _decimals(rounded, digits=_DIGITS))
    large = abs(rounded) >= _LARGE
    # All digits down to those of the interval, as without them both sides would look alike.
    digits = 1 + math.floor(math.log10(abs(rounded))) + places if large else 0
    short = large and not _LARGE_DIGITS < digits <= _DIGITS
    form = f".{_LARGE_DIGITS}g" if short else f".{max(0, places)}f"
    return format(rounded, sign + form if rounded else form)


def difference_text(finding: Finding, *, places: int | None = None) -> str:
    """The mean difference and its interval, such as ``-1.96 (-2.02 to -1.90)``."""
    places = decimal_places(finding) if places is None else places
    difference = finding.difference
    if difference and abs(difference) <= _rounding(finding):
        difference = 0.0
    center, low, high = (
        number_text(value, places=places, sign="+")
        for value in (difference, finding.interval_low, finding.interval_high)
    )
    bound = bound_of_difference(finding)
    if bound is None:
        return NOT_AVAILABLE
    center = f"at {bound} {center}" if bound else center
    return center if finding.interval_low is None else f"{center} ({low} to {high})"


def _rounding(finding: Finding) -> float:
    """The rounding error of a difference of scores as large as these."""
    largest = max(abs(finding.baseline_mean or 0.0), abs(finding.variant_mean or 0.0))
    return 8 * sys.float_info.epsilon * largest


def difference_header(findings: Sequence[Finding], *, of: str = "") -> str:
    """The header of differences, of these pairs, with the level of their intervals."""
    median = any(finding.method == "sign_test" for finding in findings)
    return f"{'median ' if median else ''}difference{of} ({level_text(findings)} interval)"


def p_header(findings: Sequence[Finding], *, of: str = "") -> str:
    """The header of p, of these pairs, with what it is corrected for: ``p (Holm, looks)``."""
    holm = any(finding.family > 1 for finding in findings)
    looks = any(finding.looks > 1 for finding in findings)
    corrections = [name for name, made in (("Holm", holm), ("looks", looks)) if made]
    return f"p{of} ({', '.join(corrections)})" if corrections else f"p{of}"


def level_text(findings: Sequence[Finding]) -> str:
    """The confidence level of the intervals, such as ``97.5%``, or ``97.5% or 99.83%``.

    At each look it is 95% divided by the factor of p there, which differs at a look that was added.
    """
    factors = sorted({finding.looks for finding in findings}) or [1]
    return " or ".join(map(level_at, factors))


def level_at(factor: int) -> str:
    """The confidence level of intervals at a look with this factor of p."""
    return f"{100 - 5 / factor:.4g}%"


def is_censored(finding: Finding) -> bool:
    """True if some run did not reach the target of a cost, so that what it cost is a bound."""
    return any(_censored(finding))


def bound_of_difference(finding: Finding) -> str | None:
    """``least`` or ``most`` if a difference of costs is a bound, else empty; None if of both sides.

    Of a run that did not reach the target, a cost is at least what is known.
    """
    baseline, variant = _censored(finding)
    if baseline and variant:  # the difference may be anything
        return None
    return "least" if variant else "most" if baseline else ""


def _censored(finding: Finding) -> tuple[bool, bool]:
    """True for the baseline, and for the variant, if some of its runs did not reach the target."""
    sides = (
        (finding.baseline_reached, finding.n_baseline),
        (finding.reached, finding.n),
    )
    baseline, variant = (reached is not None and reached < of for reached, of in sides)
    return baseline, variant


def p_is_of_sign_flips(finding: Finding) -> bool:
    """True if p is the sign-flip test's, as all differences are equal and there is no t."""
    no_t = finding.method == "paired_t" and finding.interval_low is None
    return no_t and finding.p is not None and finding.p_ranks is None


def _shorter_arm(finding: Finding, *, half: float) -> float:
    """The difference's distance to the nearer bound: a median is not in the middle of its own."""
    if finding.method != "sign_test" or finding.difference is None:
        return half
    bounds = (finding.interval_low or 0.0, finding.interval_high or 0.0)
    arms = [abs(finding.difference - bound) for bound in bounds]
    return min(arms) or half


def correlation_text(finding: Finding) -> str:
    """The correlation over seeds with its interval, such as ``0.62 (-0.55 to 0.97)``."""
    center, low, high = map(
        _below_one,
        (finding.correlation, finding.correlation_low, finding.correlation_high),
    )
    return center if finding.correlation_low is None else f"{center} ({low} to {high})"


def _below_one(value: float | None) -> str:
    """A correlation with two decimals, or more where those would round it to 1."""
    gap = 1.0 if value is None else 1 - abs(value)
    places = _decimals(gap, digits=1) if 1e-12 < gap < 0.005 else 2
    return number_text(value, places=min(places, _MOST_DECIMALS))


def interval_text(low: float | None, *, high: float | None, places: int) -> str:
    """An interval, such as ``-2.02 to -1.90``."""
    if low is None or high is None:
        return NOT_AVAILABLE
    return " to ".join(number_text(value, places=places, sign="+") for value in (low, high))


def _decimals(value: float, *, digits: int) -> int:
    if value == 0:  # which has no logarithm: as many as 1 has
        return digits - 1
    return digits - 1 - math.floor(math.log10(abs(value)))
