from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.analysis.permutation import sign_flip_p
from harness.analysis.statistics import (
    correlation,
    correlation_interval,
    equivalence_p,
    fisher_p,
    holm,
    mcnemar_p,
    paired_t,
    pooled_deviation,
    unbiased,
    welch_t,
)

# R's `sleep` data: extra hours of sleep under two drugs, ten patients (Student 1908).
SLEEP_1 = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SLEEP_2 = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
SLEEP = [first - second for first, second in zip(SLEEP_1, SLEEP_2, strict=True)]
# Darwin's maize: crossed minus self-fertilised, in eighths of an inch (Fisher 1935).
MAIZE = [float(x) for x in (6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75)]

differences = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=2, max_size=12)


def test_paired_t_of_the_sleep_data_is_what_r_prints() -> None:
    test = paired_t(SLEEP)
    assert test is not None
    assert test.mean == pytest.approx(-1.58, abs=1e-12)
    assert test.p == pytest.approx(0.00283289, abs=5e-9)
    assert (test.low, test.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)


def test_paired_t_of_darwins_maize_is_the_published_one() -> None:
    test = paired_t(MAIZE)
    assert test is not None
    assert test.p == pytest.approx(0.04970294, abs=5e-9)


@given(differences)
def test_paired_t_is_scipys_wherever_there_is_spread(values: list[float]) -> None:
    test = paired_t(values, resolution=1e-9)
    if max(values) - min(values) <= 1e-9:
        assert test is None
        return
    assert test is not None
    theirs = scipy.stats.ttest_rel(values, np.zeros(len(values)))
    assert test.p == pytest.approx(theirs.pvalue, rel=1e-9)
    interval = theirs.confidence_interval(0.95)
    assert (test.low, test.high) == pytest.approx((interval.low, interval.high), abs=1e-8)


def test_welch_of_the_sleep_data_is_what_r_prints() -> None:
    test = welch_t(SLEEP_1, baseline=SLEEP_2)
    assert test is not None
    assert test.mean / test.error == pytest.approx(-1.860813, abs=5e-7)
    assert test.df == pytest.approx(17.776474, abs=5e-7)
    assert test.p == pytest.approx(0.0793941, abs=5e-8)
    assert (test.low, test.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


samples = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=2, max_size=9)


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # scipy's, of one flat side
@given(samples, samples)
def test_welch_is_scipys_wherever_there_is_spread(ours: list[float], others: list[float]) -> None:
    test = welch_t(ours, baseline=others, resolution=1e-9)
    if max(map(np.ptp, (ours, others))) <= 1e-9:
        assert test is None
        return
    assert test is not None
    theirs = scipy.stats.ttest_ind(ours, others, equal_var=False)
    assert (test.p, test.df) == pytest.approx((theirs.pvalue, theirs.df), rel=1e-9)
    interval = theirs.confidence_interval(0.95)
    assert (test.low, test.high) == pytest.approx((interval.low, interval.high), abs=1e-8)


def test_welch_needs_two_runs_a_side() -> None:
    assert welch_t([1.0], baseline=[2.0, 3.0, 4.0]) is None
    assert welch_t([], baseline=[2.0, 3.0]) is None


def test_equivalence_by_welch_is_lakens_example() -> None:
    # Means 5.25 and 5.22, deviations .95 and .83 of 95 and 89 people, within .43 deviations.
    ours, theirs = sample(95, mean=5.25, sd=0.95), sample(89, mean=5.22, sd=0.83)
    test = welch_t(ours, baseline=theirs)
    assert test is not None
    assert test.df == pytest.approx(181.13, abs=0.01)
    margin = 0.43 * ((0.95**2 + 0.83**2) / 2) ** 0.5
    assert (test.mean + margin) / test.error == pytest.approx(3.150, abs=6e-4)
    assert (test.mean - margin) / test.error == pytest.approx(-2.693, abs=6e-4)
    assert equivalence_p(test, margin=margin) == pytest.approx(0.00388, abs=1e-5)
    narrow = welch_t(ours, baseline=theirs, confidence=0.9)
    assert narrow is not None
    assert (narrow.low, narrow.high) == pytest.approx((-0.187, 0.247), abs=6e-4)


def sample(n: int, *, mean: float, sd: float) -> list[float]:
    """Any numbers with exactly this mean and standard deviation."""
    drawn = np.random.default_rng(n).normal(size=n)
    return (mean + sd * (drawn - drawn.mean()) / drawn.std(ddof=1)).tolist()


@given(differences, st.floats(0.01, 50))
def test_equivalence_is_scipys_two_one_sided_tests(values: list[float], margin: float) -> None:
    test = paired_t(values, resolution=1e-9)
    if test is None:
        return
    sides = [
        scipy.stats.ttest_1samp(values, -margin, alternative="greater").pvalue,
        scipy.stats.ttest_1samp(values, margin, alternative="less").pvalue,
    ]
    assert equivalence_p(test, margin=margin) == pytest.approx(max(sides), abs=1e-9)
    narrow = paired_t(values, confidence=0.9)
    assert narrow is not None
    within = -margin < narrow.low and narrow.high < margin
    assert (equivalence_p(test, margin=margin) < 0.05) is within


def test_effect_sizes_are_the_published_ones_of_the_sleep_data() -> None:
    test = paired_t(SLEEP)
    assert test is not None
    d_z = test.mean / (test.error * 10**0.5)
    assert d_z == pytest.approx(-1.284558, abs=5e-7)
    # J(9) and J(18) in Hedges 1981, table 1: .9139 (of 9 degrees of freedom), .9576 (of 18).
    assert unbiased(d_z, df=9) == pytest.approx(0.9139 * d_z, rel=1e-3)
    d = (np.mean(SLEEP_1) - np.mean(SLEEP_2)) / pooled_deviation(SLEEP_1, SLEEP_2)
    assert d == pytest.approx(-0.8321811, abs=5e-8)
    assert unbiased(float(d), df=18) == pytest.approx(0.9576 * d, rel=1e-3)
    assert unbiased(1.0, df=1) is None


def test_effect_sizes_are_unbiased() -> None:
    drawn = np.random.default_rng(3).normal(loc=1.5, size=(40_000, 4))
    effects = drawn.mean(axis=1) / drawn.std(axis=1, ddof=1)
    corrected = [unbiased(float(effect), df=3) or 0.0 for effect in effects]
    error = np.std(corrected) / 200
    assert np.mean(corrected) == pytest.approx(1.5, abs=4 * error)
    assert np.mean(effects) > 1.5 + 20 * error


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=9))
def test_correlation_is_numpys(pairs: list[tuple[int, int]]) -> None:
    ours, theirs = ([float(value) for value in side] for side in zip(*pairs, strict=True))
    r = correlation(ours, second=theirs)
    if len(pairs) < 3 or min(np.ptp(ours), np.ptp(theirs)) == 0:
        assert r is None
    else:
        assert r == pytest.approx(np.corrcoef(ours, theirs)[0, 1], abs=1e-12)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (5, 0), (2, 7), (6, 6)])
def test_mcnemars_exact_test_is_a_binomial_one(b: int, c: int) -> None:
    theirs = scipy.stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_p(b, only_second=c) == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize(("b", "c"), [(1100, 0), (0, 1025), (600, 700), (5000, 5000)])
def test_mcnemars_exact_test_takes_any_number_of_cases(b: int, c: int) -> None:
    # 2^-1099 is below the smallest float.
    theirs = scipy.stats.binomtest(b, b + c).pvalue
    assert mcnemar_p(b, only_second=c) == pytest.approx(theirs, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("table", [((0, 5), (0, 5)), ((3, 2), (0, 5)), ((4, 1), (2, 6))])
def test_fishers_exact_test_is_scipys(table: tuple[tuple[int, int], tuple[int, int]]) -> None:
    ours = fisher_p(table[0], second=table[1])
    assert ours == pytest.approx(scipy.stats.fisher_exact(table).pvalue, rel=1e-9)


@pytest.mark.parametrize("values", [[], [1.5], [2.0, 2.0, 2.0], [0.3, 0.1 + 0.2, 0.3], [0.0, 0.0]])
def test_no_t_exists_without_spread(values: list[float]) -> None:
    # scipy answers p = 0 or NaN here.
    assert paired_t(values, resolution=1e-15) is None


def test_paired_t_is_calibrated() -> None:
    noise = np.random.default_rng(1).normal(size=(2_000, 5)).tolist()
    tests = [paired_t(sample) for sample in noise]
    rejected = sum(test.p < 0.05 for test in tests if test)
    covered = sum(test.low < 0 < test.high for test in tests if test)
    assert scipy.stats.binomtest(rejected, 2_000, 0.05).pvalue > 0.01
    assert covered == 2_000 - rejected


@given(differences)
def test_tests_do_not_care_for_sign_or_order(values: list[float]) -> None:
    turned = [-value for value in reversed(values)]
    assert sign_flip_p(turned) == sign_flip_p(values)
    ours, theirs = paired_t(turned), paired_t(values)
    assert (ours is None) == (theirs is None)
    if ours and theirs:
        assert ours[:4] == (-theirs.mean, -theirs.high, -theirs.low, theirs.p)


def test_holm_of_shuffled_values_is_the_published_one() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-12)


def test_holm_of_ten_values_is_r_multtests() -> None:
    values = [0.8385, 0.6422, 0.6808, 0.9678, 0.7163, 0.1771]
    values += [5.23656777e-5, 0.0202732688798, 2.8140506198e-4, 0.0149877310796]
    expected = [5.23656777e-4, 2.53264556e-3, 0.119901849, 0.141912882, 1, 1, 1, 1, 1, 1]
    assert sorted(holm(values)) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("k", [1, 2, 5, 20])  # few: statsmodels takes 0.1 s a call
def test_holm_is_statsmodels(k: int) -> None:
    values = (np.random.default_rng(k).uniform(size=k) ** 4).tolist()
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1], abs=1e-12)


def test_holm_holds_the_family_where_uncorrected_tests_do_not() -> None:
    scores = np.random.default_rng(2).normal(size=(2_000, 6, 5))  # study, baseline first, seed
    alone = together = 0
    for study in scores[:, 1:] - scores[:, :1]:
        values = [test.p for sample in study.tolist() if (test := paired_t(sample))]
        alone += min(values) < 0.05
        together += min(holm(values)) < 0.05
    assert alone > 0.15 * 2_000
    assert scipy.stats.binomtest(together, 2_000, 0.05, alternative="greater").pvalue > 0.01


def test_the_interval_of_a_correlation_is_fishers() -> None:
    """scipy's, over ten pairs; three pairs exclude nothing."""
    first = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    second = [2.0, 1.0, 4.0, 3.0, 7.0, 8.0, 5.0, 6.0, 9.0, 12.0]
    theirs = scipy.stats.pearsonr(first, second)
    ours = correlation_interval(float(theirs.statistic), n=10)
    assert ours == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-12)
    assert correlation_interval(0.99, n=3) == (-1.0, 1.0)
    assert correlation_interval(-1.0, n=3) is None
    assert correlation_interval(1.0, n=5) is None  # of no width: it would claim to be certain
    assert correlation_interval(math.nextafter(-1.0, 0.0), n=5) is None
