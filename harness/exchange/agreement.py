"""The difference that fresh seeds show, against what the first ones let one expect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.statistics import deviation, mean, student
from harness.report.numbers import interval_text, number_text


def predicted_mean(differences: Sequence[float], *, n: int) -> tuple[float, float] | None:
    """The 95% interval for the mean of `n` more differences of the same normal distribution.

    mean +- t s sqrt(1 / n1 + 1 / n) with n1 - 1 degrees of freedom (Hahn and Meeker 1991): unlike
    the interval of the first mean, it allows for the chance in both. None without a spread.
    """
    if len(differences) < 2 or not n or not (spread := deviation(differences)):
        return None
    error = spread * math.sqrt(1 / len(differences) + 1 / n)
    expected = student(mean(differences), error=error, df=len(differences) - 1)
    return expected.low, expected.high


def agreement(then: Mapping[str, Any], *, now: Mapping[str, Any]) -> str:
    """A clause on the new mean difference of a finding; empty where there is nothing to say."""
    before, after = _differences(then), _differences(now)
    expected = predicted_mean(before, n=len(after))
    if expected is None:
        return ""
    low, high = expected
    center = mean(after)
    places = min(6, max(0, 1 - math.floor(math.log10((high - low) / 2))))
    word = "within" if low <= center <= high else "outside"
    interval = interval_text(low, high=high, places=places)
    first, second = (
        number_text(value, places=places, sign="+") for value in (mean(before), center)
    )
    return f"difference {first}, now {second}, {word} the {interval} that were to be expected (95%)"


def _differences(finding: Mapping[str, Any]) -> list[float]:
    """The differences of a finding's pairs; none by Welch's method, which pairs nothing."""
    if finding.get("method") != "paired_t":
        return []
    return [pair["variant"] - pair["baseline"] for pair in finding["per_seed"]]
