"""The tests that verdicts rest on, as functions of numbers alone."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from harness import streams

EXACT_UP_TO = 30  # pairs for which every sign pattern is counted
FLIPS = 19_999  # sign patterns drawn beyond that
_TIE = 1e-12  # sums this close, relative to the largest, are equal but for rounding


class PairedT(NamedTuple):
    """A mean difference with its confidence interval and two-sided p."""

    mean: float
    low: float
    high: float
    p: float


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value; their order changes no bit of it."""
    return math.fsum(values) / len(values)


def paired_t(
    differences: Sequence[float], *, resolution: float = 0.0, confidence: float = 0.95
) -> PairedT | None:
    """Student's t test that the mean difference is 0 (Student 1908).

    t = mean / (s / sqrt(n)) with n - 1 degrees of freedom, s the standard deviation of the
    differences over n - 1. None where no such t exists: fewer than two differences, or none that
    stands apart from another by more than `resolution`, the rounding error of a difference.
    """
    from scipy.special import stdtr, stdtrit

    n = len(differences)
    if n < 2 or max(differences) - min(differences) <= max(resolution, 1e-300):
        return None
    center = mean(differences)
    deviations = sorted(abs(value - center) for value in differences)
    error = math.hypot(*deviations) / math.sqrt((n - 1) * n)
    half_width = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(n - 1, -abs(center) / error))
    return PairedT(mean=center, low=center - half_width, high=center + half_width, p=p)


def sign_flip_p(differences: Sequence[float]) -> float:
    """The two-sided exact sign-flip test (Fisher 1935): assumes nothing about the noise's shape.

    Under no effect each difference is as likely to have the other sign. p is the share of the 2^n
    sign patterns whose sum is at least as far from 0 as the observed one. Beyond `EXACT_UP_TO`
    differences, patterns are drawn from a fixed stream, and p = (hits + 1) / (`FLIPS` + 1).
    """
    magnitudes = sorted(abs(value) for value in differences)
    reach = abs(math.fsum(differences)) - _TIE * math.fsum(magnitudes)
    if reach <= 0:
        return 1.0
    count = _count_flips if len(magnitudes) <= EXACT_UP_TO else _draw_flips
    return count(magnitudes, reach=reach)


def sign_flip_floor(n: int) -> float:
    """The smallest p that `sign_flip_p` can reach with n differences: 2 / 2^n where it is exact."""
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_UP_TO else 1 / (FLIPS + 1)


def holm(values: Sequence[float]) -> list[float]:
    """P values adjusted for being a family, in the order they came (Holm 1979).

    The i-th smallest of k becomes the largest of (k - j + 1) * p_(j) over j <= i, at most 1: below
    alpha for any true null hypothesis with a probability of at most alpha.
    """
    adjusted = [0.0] * len(values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=lambda i: values[i])):
        largest = max(largest, (len(values) - rank) * values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def _count_flips(magnitudes: Sequence[float], *, reach: float) -> float:
    # Each pattern is one of the first half's and one of the second's: 2 * 2^(n/2) sums, not 2^n.
    first, second = _signed_sums(magnitudes[::2]), _signed_sums(magnitudes[1::2])
    first.sort()
    reached = sum(len(first) - bisect_left(first, reach - value) for value in second)
    return 2 * reached / (len(first) * len(second))  # as many patterns reach as far below 0


def _signed_sums(magnitudes: Sequence[float]) -> list[float]:
    sums = [0.0]
    for magnitude in magnitudes:
        sums = [value + signed for value in sums for signed in (magnitude, -magnitude)]
    return sums


def _draw_flips(magnitudes: Sequence[float], *, reach: float) -> float:
    n, total = len(magnitudes), math.fsum(magnitudes)
    stream = random.Random(streams.key(0, "bootstrap", "sign_flip", n))
    hits = 0
    for _ in range(FLIPS):
        pattern = stream.getrandbits(n)
        flipped = sum(value for place, value in enumerate(magnitudes) if pattern >> place & 1)
        hits += abs(total - 2 * flipped) >= reach
    return (hits + 1) / (FLIPS + 1)
