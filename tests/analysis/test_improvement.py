"""Held against rliable's own examples, scipy, and the published size of Bouthillier et al."""

from __future__ import annotations

import random

import numpy as np
import pytest
import scipy.stats

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.improvement import improvement, interquartile_mean, runs_for_improvement
from harness.study.values import Comparison

# rliable's tests/rliable/metrics_test.py: rows are runs, columns are tasks.
FIRST, SECOND = [[1, 2], [2, 2], [1, 1], [2, 1]], [[1, 1], [2, 2], [3, 3]]


def test_the_probability_of_improvement_is_rliables() -> None:
    shares = []
    for task in (0, 1):
        wins = improvement(
            [row[task] for row in FIRST],
            baseline=[row[task] for row in SECOND],
            higher_is_better=True,
        )
        assert wins
        shares.append(wins.probability)
    assert sum(shares) / 2 == pytest.approx(1 / 3)


def test_the_interquartile_mean_is_rliables() -> None:
    assert interquartile_mean([score for row in FIRST for score in row]) == 1.5
    assert interquartile_mean([score for row in SECOND for score in row]) == 2


@pytest.mark.parametrize("n", [1, 3, 4, 5, 8, 11])
def test_the_interquartile_mean_is_scipys_trimmed_mean(n: int) -> None:
    draw = random.Random(n)
    values = [draw.gauss(0, 1) for _ in range(n)]
    assert interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25))


def test_the_probability_is_mann_and_whitneys_and_lower_is_better_flips_it() -> None:
    variant, baseline = [1.0, 4.0, 2.0, 2.0], [2.0, 0.5, 3.0]
    u = scipy.stats.mannwhitneyu(variant, baseline).statistic
    up = improvement(variant, baseline=baseline, higher_is_better=True)
    down = improvement(variant, baseline=baseline, higher_is_better=False)
    assert up
    assert down
    assert up.probability == pytest.approx(u / 12)
    assert (down.probability, down.low, down.high) == pytest.approx(
        (1 - up.probability, 1 - up.high, 1 - up.low)
    )


def test_sides_that_do_not_overlap_leave_doubt() -> None:
    wins = improvement([5.0, 6.0, 7.0], baseline=[1.0, 2.0, 3.0], higher_is_better=True)
    assert wins
    assert (wins.probability, wins.high) == (1, 1)
    assert 0.5 < wins.low < 0.8


def test_the_interval_covers_the_true_probability() -> None:
    draw = np.random.default_rng(1)
    shift = 2**0.5 * float(scipy.stats.norm.ppf(0.75))
    covered = 0
    for _ in range(400):
        ours, theirs = (draw.normal(size=6) + shift).tolist(), draw.normal(size=6).tolist()
        wins = improvement(ours, baseline=theirs, higher_is_better=True)
        assert wins
        covered += wins.low <= 0.75 <= wins.high
    assert covered / 400 >= 0.92


def test_29_runs_tell_three_quarters_from_a_half() -> None:
    assert runs_for_improvement(0.75, alpha=0.05) == 29  # Bouthillier et al. 2021: 28.86


def test_a_finding_has_them_for_runs_and_not_below_two() -> None:
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"nll": value})
        for name, values in (("baseline", (3.0, 3.1, 2.9, 9.0)), ("v", (2.0, 3.05, 2.2, 2.1)))
        for seed, value in enumerate(values)
    ]

    def found(seeds: int):
        return compare(
            results,
            variants=("baseline", "v"),
            seeds=range(seeds),
            metrics=[ScoredMetric(name="nll", higher_is_better=False)],
            comparison=Comparison(primary="nll"),
        )[0]

    # 3.05 loses to 3.0 and 2.9; all other pairs are won.
    assert found(4).improvement == pytest.approx(14 / 16)
    assert (found(4).baseline_iqm, found(4).variant_iqm) == pytest.approx((3.05, 2.15))
    assert found(1).improvement is None
