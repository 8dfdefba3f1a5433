"""Pooling agrees with metafor's published numbers for the BCG trials, and with a closed form."""

from __future__ import annotations

import math

import pytest

from harness.analysis.random_effects import StudyEstimate, pool

# Vaccinated and others, with tuberculosis and without (Colditz 1994; metafor's dat.bcg).
_BCG = """
4 119 11 128      6 300 29 274        3 228 11 209      62 13536 248 12619   33 5036 47 5761
180 1361 372 1079 8 2537 10 619       505 87886 499 87892  29 7470 45 7232
17 1699 65 1600   186 50448 141 27197 5 2493 3 2338     27 16886 29 17825
"""


def log_risk_ratios() -> list[StudyEstimate]:
    counts = [int(word) for word in _BCG.split()]
    trials = [counts[start : start + 4] for start in range(0, len(counts), 4)]
    return [
        StudyEstimate(
            math.log(a / (a + b) / (c / (c + d))),
            math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
        )
        for a, b, c, d in trials
    ]


def test_the_bcg_trials_give_metafor_s_numbers() -> None:
    pooled = pool(log_risk_ratios())
    assert pooled.tau_squared == pytest.approx(0.3132, abs=5e-5)
    assert pooled.mean == pytest.approx(-0.7145, abs=5e-5)
    assert pooled.error == pytest.approx(0.1808, abs=5e-5)  # Hartung and Knapp's
    assert (pooled.df, pooled.mean / pooled.error) == (12, pytest.approx(-3.952, abs=5e-4))
    assert (pooled.low, pooled.high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)
    assert (100 * pooled.i_squared, pooled.q) == pytest.approx((92.22, 152.233), abs=5e-3)
    assert pooled.p_heterogeneity < 1e-4
    # Without Hartung and Knapp: 1 / sum(w), at the same weights.
    weights = [1 / (estimate.error**2 + pooled.tau_squared) for estimate in log_risk_ratios()]
    assert math.sqrt(1 / math.fsum(weights)) == pytest.approx(0.1798, abs=5e-5)
    assert pooled.predicted == pytest.approx(
        [-0.7145 + sign * 2.17881 * math.hypot(0.5597, 0.1808) for sign in (-1, 1)], abs=5e-4
    )


def test_equal_errors_have_a_closed_form() -> None:
    """With errors all e, tau-squared is s^2 - e^2 and the variance of the mean is s^2 / k."""
    pooled = pool([StudyEstimate(value, 0.5) for value in (1.0, 3.0, 5.0)])
    assert (pooled.mean, pooled.tau_squared) == pytest.approx((3.0, 4 - 0.25))
    assert pooled.error == pytest.approx(math.sqrt(4 / 3))
    assert pooled.weights == pytest.approx((1 / 3,) * 3)


def test_without_weights_it_is_student_s_test_of_the_estimates() -> None:
    """At 1, 2, 6 and 7: mean 4, variance 26 / 3, which exceeds the mean of the errors' squares."""
    values, errors = (1.0, 2.0, 6.0, 7.0), (0.1, 0.2, 1.0, 0.5)
    pooled = pool([*map(StudyEstimate, values, errors)], weighted=False)
    assert (pooled.mean, pooled.error) == pytest.approx((4.0, math.sqrt(26 / 3 / 4)))
    assert pooled.tau_squared == pytest.approx(26 / 3 - 1.3 / 4)
    agreeing = pool([StudyEstimate(1.0, 0.3), StudyEstimate(1.0, 0.4)], weighted=False)
    assert agreeing.error == pytest.approx(0.25)


def test_studies_that_agree_are_no_more_certain_than_their_errors() -> None:
    pooled = pool([StudyEstimate(1.0, 0.3), StudyEstimate(1.0, 0.3)])
    assert (pooled.tau_squared, pooled.i_squared, pooled.predicted) == (0, 0, None)
    assert pooled.error == pytest.approx(0.3 / math.sqrt(2))
    assert pooled.high - pooled.mean == pytest.approx(12.7062 * 0.3 / math.sqrt(2), rel=1e-5)


@pytest.mark.parametrize("scale", [1e-170, 1e150])
def test_the_unit_changes_no_result(scale: float) -> None:
    pooled = pool([StudyEstimate(scale * e.value, scale * e.error) for e in log_risk_ratios()])
    assert pooled.low / scale == pytest.approx(-1.1084, abs=5e-5)
