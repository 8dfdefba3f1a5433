from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower, TTestPower

from harness.analysis.power import (
    detectable,
    mean_power,
    pooled_sd,
    power,
    power_at,
    seeds_for,
    smallest_shift,
    spread_interval,
)


@pytest.mark.parametrize(
    ("effect", "n", "expected"),
    [(0.421637, 50, 0.832114), (0.5, 33, 0.79537), (0.5, 34, 0.80778)],
)
def test_power_is_what_gpower_prints(effect: float, n: int, expected: float) -> None:
    assert power(effect, n=n) == pytest.approx(expected, abs=5e-6)
    assert power(-effect, n=n) == pytest.approx(expected, abs=5e-6)


# Integrals of the noncentral t, to the digits printed: paired at .05, paired at .01, unpaired.
MDE = {
    3: (3.26, 7.32, 3.07),
    5: (1.68, 2.63, 2.02),
    6: (1.43, 2.11, 1.80),
    8: (1.16, 1.60, 1.51),
    10: (1.00, 1.33, 1.32),
    15: (0.78, 1.00, 1.06),
    20: (0.66, 0.84, 0.91),
    30: (0.53, 0.66, 0.74),
    50: (0.40, 0.50, 0.57),
}


@pytest.mark.parametrize("n", MDE)
def test_the_smallest_detectable_effect_is_the_tabled_one(n: int) -> None:
    effects = (detectable(n), detectable(n, alpha=0.01), detectable(n, paired=False))
    assert effects == pytest.approx(MDE[n], abs=0.0051)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.05, 3), st.integers(2, 60), st.sampled_from([0.05, 0.01, 0.05 / 3]), st.booleans()
)
def test_power_is_statsmodels(effect: float, n: int, alpha: float, paired: bool) -> None:  # noqa: FBT001 (hypothesis draws it)
    theirs = TTestPower() if paired else TTestIndPower()
    expected = theirs.power(effect, n, alpha)
    assume(not math.isnan(expected))  # which scipy's noncentral t says far out
    assert power(effect, n=n, alpha=alpha, paired=paired) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("n", "alpha"), [(2, 0.05), (2, 0.005), (3, 0.001), (5, 0.05), (900, 0.05)]
)
def test_without_an_effect_power_is_alpha(n: int, alpha: float) -> None:
    assert power(0.0, n=n, alpha=alpha) == pytest.approx(alpha, rel=1e-9)
    assert power(0.0, n=n, alpha=alpha, paired=False) == pytest.approx(alpha, rel=1e-9)


@pytest.mark.parametrize("effect", [1.0, 30.0, 1e3, 1e5])
def test_two_pairs_have_the_power_that_a_closed_form_gives(effect: float) -> None:
    # t of two pairs is a ratio of two normals: |a + b| > c |a - b| with a, b ~ N(effect, 1).
    t = scipy.stats.t.isf(0.025, 1)
    wide = scipy.stats.multivariate_normal(
        [0, 0], [[1 + t * t, 1 - t * t], [1 - t * t, 1 + t * t]], allow_singular=True
    )
    shift = math.sqrt(2) * effect
    low, high = float(wide.cdf([shift, shift])), float(wide.cdf([-shift, -shift]))
    assert power(effect, n=2) == pytest.approx(low + high, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 200), st.sampled_from([0.05, 0.001]), st.sampled_from([0.5, 0.8, 0.99]))
def test_the_detectable_effect_has_the_power_that_was_asked(
    n: int, alpha: float, wished: float
) -> None:
    assert power(detectable(n, alpha=alpha, power=wished), n=n, alpha=alpha) == pytest.approx(
        wished, abs=1e-8
    )


@settings(max_examples=40, deadline=None)
@given(st.floats(0.03, 5), st.sampled_from([0.05, 0.01]), st.booleans())
def test_one_seed_fewer_would_not_do(effect: float, alpha: float, paired: bool) -> None:  # noqa: FBT001 (hypothesis draws it)
    n = seeds_for(effect, alpha=alpha, paired=paired)
    assert power(effect, n=n, alpha=alpha, paired=paired) >= 0.8
    assert n == 2 or power(effect, n=n - 1, alpha=alpha, paired=paired) < 0.8
    assert seeds_for(-effect, alpha=alpha, paired=paired) == n


def test_gpower_needs_34_pairs_for_half_a_standard_deviation() -> None:
    assert seeds_for(0.5) == 34
    assert seeds_for(0.5, paired=False) == 64  # each side (Cohen 1988, table 2.4.1)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="^a test needs 2 seeds, got 1$"):
        detectable(1)
    with pytest.raises(ValueError, match="^no number of seeds shows an effect of 0$"):
        seeds_for(0.0)


def test_pooling_takes_each_sample_about_its_own_mean() -> None:
    # Squares about 7/3 and 11: 8/3 and 2, with 2 and 1 degrees of freedom.
    assert pooled_sd([[1.0, 3.0, 3.0], [10.0, 12.0], [5.0], []]) == pytest.approx(
        (math.sqrt((8 / 3 + 2) / 3), 3)
    )
    assert pooled_sd([[1.0], []]) is None


@pytest.mark.parametrize("df", [1, 2, 4.7, 19, 400])
@pytest.mark.parametrize("shift", [0.0, 0.7, 3.0])
def test_power_is_the_noncentral_t_where_scipy_has_one(df: float, shift: float) -> None:
    critical = scipy.stats.t.isf(0.01, df)
    theirs = scipy.stats.nct.sf(critical, df, shift) + scipy.stats.nct.cdf(-critical, df, shift)
    assert power_at(shift, df=df, alpha=0.02) == pytest.approx(theirs, abs=1e-6)


def test_a_shift_is_found_as_often_as_it_says_where_scipy_gives_up() -> None:
    # Two seeds, the first of twenty variants: |t| has to be above 254.
    shift = smallest_shift(1, alpha=0.0025)
    random = np.random.default_rng(1)
    t = (random.normal(size=40_000) + shift) / np.abs(random.normal(size=40_000))
    rejections = int((abs(t) > scipy.stats.t.isf(0.00125, 1)).sum())
    assert scipy.stats.binomtest(rejections, 40_000, 0.8).pvalue > 0.01


@pytest.mark.parametrize(("freedom", "n"), [(1, 20), (2, 9), (4.6, 30)])
def test_mean_power_is_the_integral_over_what_the_true_spread_may_be(
    freedom: float, n: int
) -> None:
    # u = s / sigma has the density 2 u freedom f(u^2 freedom), where f is that of chi-square.
    def part(u: float) -> float:
        density = scipy.stats.chi2.pdf(u * u * freedom, freedom) * 2 * u * freedom
        return float(density * power(0.9 * u, n=n))

    expected = scipy.integrate.quad(part, 0, 8, limit=200)[0]
    assert mean_power(0.9, n=n, freedom=freedom) == pytest.approx(expected, abs=2e-4)
    assert mean_power(0.9, n=n) == power(0.9, n=n)


def test_seeds_from_a_pilot_have_a_mean_power_of_80_percent() -> None:
    # Pilots of three pairs and a true effect of one standard deviation, which takes 10 seeds;
    # at these quantiles of chi-square, each pilot stands for a tenth of all.
    chances = (np.arange(10) + 0.5) / 10
    estimates = np.sqrt(scipy.stats.chi2.ppf(chances, 2) / 2)
    asked = [seeds_for(1 / float(sd), freedom=2) for sd in estimates]
    naive = [seeds_for(1 / float(sd)) for sd in estimates]
    assert 0.8 <= np.mean([power(1.0, n=n) for n in asked]) < 0.85
    assert np.mean([power(1.0, n=n) for n in naive]) == pytest.approx(0.65, abs=0.01)


def test_the_interval_of_a_spread_is_that_of_chi_square() -> None:
    assert spread_interval(2) == pytest.approx((0.5207, 6.2847), abs=1e-4)
    assert spread_interval(9) == pytest.approx((0.6878, 1.8256), abs=1e-4)


@pytest.mark.parametrize(("variants", "claimed"), [(4, 16), (10, 40)])
def test_a_shared_baseline_counts_once(variants: int, claimed: int) -> None:
    random = np.random.default_rng(variants)
    runs = random.normal(size=(4000, variants + 1, 5))
    squares = (runs[:, 1:] - runs[:, :1]).var(axis=2, ddof=1).mean(axis=1)
    effective = 2 * squares.mean() ** 2 / squares.var()
    samples = [[1.0, 2.0, 3.0, 4.0, 5.0]] * variants
    assert pooled_sd(samples) == pytest.approx((2.5**0.5, claimed))
    _, freedom = pooled_sd(samples, correlation=0.5) or (0.0, 0.0)
    assert freedom == pytest.approx(effective, rel=0.08)
