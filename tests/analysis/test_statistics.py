from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.analysis.statistics import (
    EXACT_UP_TO,
    FLIPS,
    holm,
    paired_t,
    sign_flip_floor,
    sign_flip_p,
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


def test_sign_flip_of_darwins_maize_is_the_published_one() -> None:
    assert sign_flip_p(MAIZE) == 1726 / 2**15  # 0.05267334


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**17), 2**17), min_size=2, max_size=10))
def test_sign_flip_is_scipys_exact_permutation_test(whole: list[int]) -> None:
    values = [value / 2**10 for value in whole]  # their sums are exact, and so are their ties
    theirs = scipy.stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(values) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("values", [[0.1, 0.2, -0.3], [1.5, 1.5, 1.25, 60.5, -1.5, -63.094]])
def test_sums_that_tie_but_for_rounding_tie(values: list[float]) -> None:
    assert sign_flip_p(values) == 1  # by hand: no pattern sums to less


@pytest.mark.parametrize("n", [17, EXACT_UP_TO])
def test_many_pairs_are_still_counted_exactly(n: int) -> None:
    values = np.random.default_rng(n).integers(-20, 30, size=n)
    assert sign_flip_p(values.astype(float).tolist()) == pytest.approx(_by_convolution(values))


def test_beyond_that_patterns_are_drawn_and_p_is_never_zero() -> None:
    n = EXACT_UP_TO + 10
    values = np.random.default_rng(4).integers(-20, 30, size=n)
    p, exact = sign_flip_p(values.astype(float).tolist()), _by_convolution(values)
    assert p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / FLIPS) ** 0.5)
    assert sign_flip_p(values[::-1].astype(float).tolist()) == p
    assert sign_flip_p([1.0] * n) == sign_flip_floor(n) == 1 / (FLIPS + 1)


def _by_convolution(values: np.ndarray) -> float:
    """The exact p from the distribution of the sum, built one difference at a time."""
    chance = np.ones(1)
    for value in np.abs(values):
        step = np.zeros(2 * value + 1)
        step[0] += 0.5
        step[-1] += 0.5
        chance = np.convolve(chance, step)
    sums = np.arange(len(chance)) - len(chance) // 2
    return float(chance[np.abs(sums) >= abs(values.sum())].sum())


@pytest.mark.parametrize(
    ("n", "floor"),
    [(1, 1), (2, 0.5), (3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125)],
)
def test_the_floor_is_what_equal_signs_give(n: int, floor: float) -> None:
    assert sign_flip_floor(n) == floor
    assert sign_flip_p([float(value) for value in range(1, n + 1)]) == floor


@given(differences)
def test_tests_do_not_care_for_sign_or_order(values: list[float]) -> None:
    turned = [-value for value in reversed(values)]
    assert sign_flip_p(turned) == sign_flip_p(values)
    ours, theirs = paired_t(turned), paired_t(values)
    assert (ours is None) == (theirs is None)
    if ours and theirs:
        assert ours == (-theirs.mean, -theirs.high, -theirs.low, theirs.p)


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
