from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Finding
from harness.report.numbers import (
    common_places,
    correlation_text,
    decimal_places,
    difference_text,
    number_text,
)
from harness.report.screen import Screen, finding_lines


def finding(center: float | None, *, half_width: float | None, baseline: float = 30.0) -> Finding:
    known = center is not None and half_width is not None
    return Finding(
        variant="v",
        metric="bleu",
        split="test",
        role="primary",
        n=5,
        baseline_mean=baseline,
        variant_mean=None if center is None else baseline + center,
        difference=center,
        interval_low=center - half_width if known else None,
        interval_high=center + half_width if known else None,
        p=None,
        p_adjusted=None,
        p_sign_flip=None,
        p_floor=None,
        higher_is_better=True,
        verdict="inconclusive",
        reason="",
        per_seed=(),
    )


@pytest.mark.parametrize(
    ("center", "half_width", "text"),
    [
        (-1.9634, 0.5612, "-1.96 (-2.52 to -1.40)"),
        (-1.9634, 5.612, "-2.0 (-7.6 to +3.6)"),
        (123.4, 56.1, "+123 (+67 to +180)"),
        (0.00012345, 0.0000561, "+0.000123 (+0.000067 to +0.000180)"),
        (-0.001, 0.56, "0.00 (-0.56 to +0.56)"),
        (2.0e9, 1.0e9, "+2e+09 (+1e+09 to +3e+09)"),
        (2.0e9, 50.0, "+2000000000 (+1999999950 to +2000000050)"),
        (5612.0, 1234.0, "+5612 (+4378 to +6846)"),
        (0.5, None, "+0.50"),
        (0.0, None, "0.00"),
        (None, None, "n/a"),
    ],
)
def test_a_difference_keeps_two_digits_of_its_interval(center, half_width, text) -> None:
    assert difference_text(finding(center, half_width=half_width)) == text


@pytest.mark.parametrize(("mean", "places"), [(0.0, 3), (2.31, 3), (31.2, 2), (5821.0, 0)])
def test_without_an_interval_the_mean_shows_four_digits(mean: float, places: int) -> None:
    assert decimal_places(finding(0.0, half_width=None, baseline=mean)) == places


def test_a_missing_number_is_marked() -> None:
    assert number_text(None, places=2) == "n/a"


@pytest.mark.parametrize(
    ("center", "half_width", "text"),
    [
        (1.23e-8, 5.6e-9, "+1.23e-08 (+6.7e-09 to +1.79e-08)"),
        (-1e-8, 2e-10, "-1.000e-08 (-1.020e-08 to -9.80e-09)"),
        (0.0, 5e-9, "0 (-5.0e-09 to +5.0e-09)"),
        (1e-8, None, "+1.0e-08"),
        (5e-17, None, "0"),  # 0.1 + 0.2 against 0.3: rounding
    ],
)
def test_tiny_differences_are_shown_in_powers_of_ten(center, half_width, text) -> None:
    assert difference_text(finding(center, half_width=half_width, baseline=0.3)) == text


def test_a_large_number_beside_a_tiny_interval_has_the_digits_of_a_float() -> None:
    assert number_text(30.0, places=17) == "30.0000000000000"


def test_large_scores_keep_the_decimals_of_their_difference() -> None:
    huge = finding(1.24, half_width=0.21, baseline=1e9 + 3)
    places = decimal_places(huge)
    assert number_text(huge.baseline_mean, places=places) == "1000000003.00"
    assert number_text(huge.variant_mean, places=places) == "1000000004.24"
    beyond = finding(1.24, half_width=0.21, baseline=1e15)  # more digits than a float has
    assert number_text(beyond.baseline_mean, places=decimal_places(beyond)) == "1e+15"


def test_a_median_is_rounded_by_the_nearer_bound() -> None:
    skewed = replace(
        finding(0.7, half_width=1.0), method="sign_test", interval_low=-27.7, interval_high=0.8
    )
    assert difference_text(skewed) == "+0.70 (-27.70 to +0.80)"
    at_bound = replace(skewed, difference=0.8)
    assert difference_text(at_bound) == "+1 (-28 to +1)"
    # Rounding apart from its bound, a median would ask for all digits of a float.
    near = replace(skewed, difference=0.8 - 1e-15)
    assert difference_text(near) == "+0.80 (-27.70 to +0.80)"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (2.85e-12, 10, "2.9e-12"),  # beside 1e-8
        (0.0, 10, "0"),
        (1.00e-8, 10, "1.00e-08"),
        (2.85e-12, 3, "0.000"),  # decimals that were rounded
    ],
)
def test_a_small_number_is_never_an_exact_zero(value: float, places: int, text: str) -> None:
    assert number_text(value, places=places) == text


def test_a_difference_that_is_rounding_is_zero_whatever_the_interval() -> None:
    assert difference_text(finding(5e-17, half_width=1e-8)) == "0 (-1.0e-08 to +1.0e-08)"
    small = finding(5e-17, half_width=1e-8, baseline=1e-9)
    assert difference_text(small) == "+5.0e-17 (-1.0e-08 to +1.0e-08)"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.99987, 0.998, 0.99998), "0.9999 (0.998 to 0.99998)"),
        ((0.62, -0.01, 0.9), "0.62 (-0.01 to 0.90)"),
        ((0.5, -1.0, 1.0), "0.50 (-1.00 to 1.00)"),  # of three pairs
        ((1.0, None, None), "1.00"),
    ],
)
def test_no_correlation_is_rounded_to_certainty(
    values: tuple[float, float | None, float | None], text: str
) -> None:
    center, low, high = values
    told = replace(
        finding(0.5, half_width=0.1), correlation=center, correlation_low=low, correlation_high=high
    )
    assert correlation_text(told) == text


@pytest.mark.parametrize(
    ("reached", "text", "shown"),
    [
        ((3, 3), "+2.000", "+2.000"),
        ((3, 1), "at least +2.000", ">= +2.000"),
        ((2, 3), "at most +2.000", "<= +2.000"),
        ((2, 1), "n/a", ""),
    ],
)
def test_the_difference_of_a_cost_that_runs_did_not_reach_is_a_bound(
    reached: tuple[int, int], text: str, shown: str
) -> None:
    baseline, variant = reached
    cost = replace(
        finding(2.0, half_width=None, baseline=3.0),
        n=3,
        n_baseline=3,
        planned=3,
        reached=variant,
        baseline_reached=baseline,
    )
    assert difference_text(cost) == text
    (row,) = finding_lines([cost], screen=Screen())
    assert row.plain.endswith(f"5.000  {shown}".rstrip())


def test_no_difference_without_an_interval_vanishes_beside_others() -> None:
    tiny, tied = finding(0.001, half_width=None), finding(0.0, half_width=None)
    others = [finding(0.12, half_width=0.39), tied, finding(1e-15, half_width=None)]
    assert common_places([tiny, *others]) == [4, 2, 2, 2]
    assert common_places(others) == [2, 2, 2]


def test_no_bound_of_an_interval_that_excludes_0_is_written_as_0() -> None:
    assert difference_text(finding(11.5, half_width=11.3)) == "+11.5 (+0.2 to +22.8)"
    assert difference_text(finding(-11.5, half_width=11.45)) == "-11.50 (-22.95 to -0.05)"
    assert difference_text(finding(11.0, half_width=11.3)) == "+11 (0 to +22)"
    at_bound = replace(
        finding(0.5, half_width=1.0), method="sign_test", interval_low=0.5, interval_high=23.5
    )
    assert difference_text(at_bound) == "+0.5 (+0.5 to +23.5)"
    pair = [finding(11.5, half_width=11.3), finding(2.0, half_width=12.0)]
    assert common_places(pair, fewest=True) == [1, 0]
