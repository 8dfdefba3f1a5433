from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from harness.analysis.power import power, smallest_shift


@pytest.mark.parametrize(
    ("d_z", "n", "published"),
    [(0.421637, 50, 0.832114), (0.5, 33, 0.79537), (0.5, 34, 0.80778)],
)
def test_power_is_what_g_power_says(d_z: float, n: int, published: float) -> None:
    assert power(d_z * n**0.5, df=n - 1) == pytest.approx(published, abs=5e-6)


@pytest.mark.parametrize(
    ("n", "paired", "one_of_five", "unpaired"),
    [
        (3, 3.26, 7.32, 3.07),
        (5, 1.68, 2.63, 2.02),
        (6, 1.43, 2.11, 1.80),
        (8, 1.16, 1.60, 1.51),
        (10, 1.00, 1.33, 1.32),
        (15, 0.78, 1.00, 1.06),
        (20, 0.66, 0.84, 0.91),
        (30, 0.53, 0.66, 0.74),
        (50, 0.40, 0.50, 0.57),
    ],
)
def test_the_smallest_effects_are_those_of_the_tables(
    n: int, paired: float, one_of_five: float, unpaired: float
) -> None:
    assert smallest_shift(n - 1) / n**0.5 == pytest.approx(paired, abs=0.005)
    assert smallest_shift(n - 1, alpha=0.01) / n**0.5 == pytest.approx(one_of_five, abs=0.005)
    assert smallest_shift(2 * n - 2) * (2 / n) ** 0.5 == pytest.approx(unpaired, abs=0.005)


@pytest.mark.parametrize("df", [1, 2, 4.7, 19, 400])
@pytest.mark.parametrize("shift", [0.0, 0.7, 3.0])
def test_power_is_the_noncentral_t_where_scipy_has_one(df: float, shift: float) -> None:
    critical = scipy.stats.t.isf(0.01, df)
    theirs = scipy.stats.nct.sf(critical, df, shift) + scipy.stats.nct.cdf(-critical, df, shift)
    assert power(shift, df=df, alpha=0.02) == pytest.approx(theirs, abs=1e-6)


def test_without_a_shift_power_is_alpha() -> None:
    assert power(0.0, df=3, alpha=0.05) == pytest.approx(0.05, abs=1e-9)


def test_a_shift_is_found_as_often_as_it_says_where_scipy_gives_up() -> None:
    # Two seeds, the first of twenty variants: |t| has to be above 254.
    shift = smallest_shift(1, alpha=0.0025)
    random = np.random.default_rng(1)
    t = (random.normal(size=40_000) + shift) / np.abs(random.normal(size=40_000))
    found = int((abs(t) > scipy.stats.t.isf(0.00125, 1)).sum())
    assert scipy.stats.binomtest(found, 40_000, 0.8).pvalue > 0.01
