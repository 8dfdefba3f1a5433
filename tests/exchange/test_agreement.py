"""A new mean difference is compared with a prediction interval, which has a closed form."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.exchange.agreement import agreement, predicted_mean


def finding(*differences: float, method: str = "paired_t") -> dict[str, Any]:
    pairs = [{"baseline": 1.0, "variant": 1.0 + difference} for difference in differences]
    return {"method": method, "per_seed": pairs}


def test_the_interval_allows_for_chance_in_both_means() -> None:
    """Differences 1, 2, 3: s = 1, t(2) at 97.5% = 4.302653 (tables)."""
    low, high = predicted_mean([1.0, 2.0, 3.0], n=6) or (0.0, 0.0)
    reach = 4.302653 * math.sqrt(1 / 3 + 1 / 6)
    assert (low, high) == pytest.approx((2 - reach, 2 + reach), rel=1e-6)


@pytest.mark.parametrize("differences", [[], [1.0], [2.0, 2.0]])
def test_nothing_is_expected_without_a_spread(differences: list[float]) -> None:
    assert predicted_mean(differences, n=3) is None


def test_a_new_difference_is_within_or_outside() -> None:
    expected = "the -1.5 to +5.5 that were to be expected (95%)"
    assert agreement(finding(1, 2, 3), now=finding(5, 5.4, 5.2)) == (
        f"difference +2.0, now +5.2, within {expected}"
    )
    assert agreement(finding(1, 2, 3), now=finding(6, 6.4, 6.2)) == (
        f"difference +2.0, now +6.2, outside {expected}"
    )
    assert agreement(finding(1, 2, method="welch"), now=finding(1, 2)) == ""
    assert agreement(finding(1, 2), now={}) == ""
