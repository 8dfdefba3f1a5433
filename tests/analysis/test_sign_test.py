from __future__ import annotations

import random

import pytest
import scipy.stats

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.sign_test import (
    sign_detectable,
    sign_equivalence_p,
    sign_interval,
    sign_p,
    sign_power,
    sign_seeds_for,
)
from harness.contracts import Finding
from harness.study.values import Comparison

SCORE = ScoredMetric(name="score", higher_is_better=True)


def judged(differences: list[float], *, margin: float | None = None) -> Finding:
    """The finding of the sign test on runs with these differences."""
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"score": 10 + value})
        for seed, difference in enumerate(differences)
        for name, value in (("baseline", 0.0), ("v", difference))
    ]
    (finding,) = compare(
        results,
        variants=("baseline", "v"),
        seeds=range(len(differences)),
        metrics=[SCORE],
        comparison=Comparison(primary="score", method="sign_test", margin=margin),
    )
    return finding


@pytest.mark.parametrize(("n", "above"), [(5, 5), (6, 6), (10, 9), (10, 5), (21, 16), (1001, 540)])
def test_p_is_the_exact_binomial_tests(n: int, above: int) -> None:
    differences = [1.0] * above + [-2.0] * (n - above)
    assert sign_p(differences) == pytest.approx(scipy.stats.binomtest(above, n).pvalue)


def test_equal_scores_count_for_neither_side() -> None:
    # 8 of 8 that differ would give .0078; but the median of all twenty differences is 0.
    assert sign_p([1.0] * 8 + [0.0] * 12) == 1


@pytest.mark.parametrize("n", [6, 9, 20])
def test_the_interval_is_scipys_of_the_quantile(n: int) -> None:
    draw = random.Random(n)
    differences = [draw.gauss(0, 1) for _ in range(n)]
    theirs = scipy.stats.quantile_test(differences, p=0.5).confidence_interval(0.95)
    assert sign_interval(differences, confidence=0.95) == (theirs.low, theirs.high)


def test_five_differences_have_no_interval_of_95_percent() -> None:
    assert sign_interval([1.0, 2.0, 3.0, 4.0, 5.0], confidence=0.95) is None


def test_equivalence_is_two_one_sided_sign_tests() -> None:
    differences = [0.1, -0.2, 0.3, 0.0, -0.1, 0.2, 1.5, 0.1]
    # All 8 are above -1 and 7 of 8 below 1: the larger p is that of 7.
    theirs = scipy.stats.binomtest(7, 8, alternative="greater").pvalue
    assert sign_equivalence_p(differences, margin=1.0) == pytest.approx(theirs)


def test_power_is_that_of_the_binomial() -> None:
    # With 10 pairs, p is below .05 from 9 of one sign on: (10 + 1) / 1024 each, .02148 of both.
    assert sign_power(0.0, n=10) == pytest.approx(22 / 1024)
    above = scipy.stats.norm.cdf(1.0)
    tails = scipy.stats.binom.sf(8, 10, above) + scipy.stats.binom.cdf(1, 10, above)
    assert sign_power(1.0, n=10) == pytest.approx(tails)


def test_the_needed_seeds_have_the_power_and_one_fewer_has_not() -> None:
    needed = sign_seeds_for(1.0)
    assert sign_power(1.0, n=needed) >= 0.8 > sign_power(1.0, n=needed - 1)
    assert (sign_detectable(needed) or 9) <= 1.0 < (sign_detectable(needed - 1) or 9)
    assert sign_detectable(5) is None


def test_a_verdict_is_about_the_median() -> None:
    # One collapse in nine: the mean difference is negative, the median is +2.
    finding = judged([2.0, 2.1, 1.9, 2.2, -30.0, 2.3, 2.0, 1.8, 2.4])
    assert (finding.verdict, finding.difference) == ("better", pytest.approx(2.0))
    assert finding.reason.startswith("8 of 9 seeds higher; sign test p = .039")
    assert (finding.p_sign_flip, finding.effect_size, finding.detectable) == (None, None, None)
    assert (finding.interval_low, finding.interval_high) == pytest.approx((1.8, 2.3))


def test_too_few_seeds_are_said_to_be_too_few() -> None:
    finding = judged([2.0, 2.1, 1.9, 2.2, 2.3])
    assert finding.verdict == "inconclusive"
    assert "sign test p = .0625 (below .0625 is not attainable with 5 seeds)" in finding.reason
    assert finding.interval_low is None


def test_a_median_within_the_margin_is_equivalent() -> None:
    assert judged([0.1, -0.2, 0.3, -0.1, 0.2, -0.3], margin=1.0).verdict == "equivalent"
