"""Deaths on either side, and the signed-rank test in which diverged runs are the worst."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.permutation import sign_flip_p
from harness.analysis.worst_ranks import signed_ranks
from harness.contracts import Diverged, Finding, Method
from harness.study.values import Comparison

SEEDS = range(1, 11)
LOW = (30.1, 29.8, 30.3, 29.9, 30.0, 30.2, 29.7, 30.4, 30.1, 29.9)
HIGH = tuple(
    score + gain
    for score, gain in zip(LOW, (2.0, 2.1, 1.9, 2.2, 2.0, 1.8, 2.1, 2.0, 1.9, 2.3), strict=True)
)


def runs(variant: str, scores: Sequence[float], *, lost: Collection[int]) -> list[RunResult]:
    return [
        RunResult(variant=variant, seed=seed, outcome="diverged")
        if seed in lost
        else RunResult(variant=variant, seed=seed, outcome="finished", scores={"bleu": score})
        for seed, score in zip(SEEDS, scores, strict=True)
    ]


def judge(
    baseline: Sequence[float],
    variant: Sequence[float],
    *,
    baseline_lost: Collection[int] = (),
    lost: Collection[int] = (),
    diverged: Diverged = "excluded",
    method: Method = "paired_t",
    higher: bool = True,
) -> Finding:
    (finding,) = compare(
        [*runs("baseline", baseline, lost=baseline_lost), *runs("x", variant, lost=lost)],
        variants=["baseline", "x"],
        seeds=SEEDS,
        metrics=[ScoredMetric(name="bleu", higher_is_better=higher)],
        comparison=Comparison(primary="bleu", margin=5.0, method=method, diverged=diverged),
    )
    return finding


SEVEN = range(1, 8)


@pytest.mark.parametrize("method", ["paired_t", "welch"])
def test_a_baseline_that_diverged_is_counted_as_a_variant_that_did(method: Method) -> None:
    """Seven of ten: no verdict but for the side that did not diverge."""
    worse = judge(HIGH, LOW, baseline_lost=SEVEN, method=method)
    assert (worse.verdict, worse.diverged_baseline) == ("inconclusive", 7)
    apart = "among runs that did not diverge" if method == "welch" else ""
    assert f"worse only {apart or 'where the baseline did not diverge'}" in worse.reason
    equal = judge(LOW, [score + 0.01 for score in LOW[::-1]], baseline_lost=SEVEN, method=method)
    assert equal.verdict == "inconclusive"
    assert judge(LOW, HIGH, baseline_lost=SEVEN, method=method).verdict == "better"
    assert judge(HIGH, LOW, lost=SEVEN, method=method).verdict == "worse"
    both = judge(HIGH, LOW, lost=[1], baseline_lost=[2], method=method)
    assert both.verdict == "inconclusive"
    assert f"worse only {apart or 'where neither diverged'}" in both.reason


def test_a_verdict_from_fewer_pairs_than_planned_says_so_first() -> None:
    assert judge(LOW, HIGH, baseline_lost=SEVEN).reason.startswith("from 3 of 10 planned pairs: ")
    welch = judge(LOW, HIGH, baseline_lost=SEVEN, method="welch")
    assert welch.reason.startswith("from 10 of 10 planned runs against 3 of 10: ")
    assert not judge(LOW, HIGH).reason.startswith("from")


def test_rates_of_divergence_are_stated_with_their_test_and_no_null_hypothesis() -> None:
    dead = judge(LOW, HIGH, lost=SEEDS)
    assert dead.p_diverged == 2 / 2**10
    assert dead.reason.endswith(
        "; diverged in 10 of 10 seeds, the baseline in 0 of 10 (McNemar p = .002)"
    )
    fisher = judge(LOW, HIGH, lost=SEEDS, method="welch")
    assert fisher.reason.endswith("the baseline in 0 of 10 (Fisher p < .001)")
    assert judge(LOW, HIGH, baseline_lost=SEVEN).reason.endswith(
        "; diverged in 0 of 10 seeds, the baseline in 7 of 10 (McNemar p = .016)"
    )


def test_ranked_worst_deaths_decide() -> None:
    dead = judge(LOW, HIGH, lost=SEEDS, diverged="worst")
    assert (dead.verdict, dead.p, dead.n, dead.n_ranked) == ("worse", 2 / 2**10, 0, 10)
    assert dead.reason == (
        "worse in 10 of 10 seeds, diverged runs ranked worst; signed-rank p = .002, the least"
        " that 10 seeds can reach; diverged in 10 of 10 seeds, the baseline in 0 of 10 (McNemar p ="
        " .002)"
    )
    rescued = judge(HIGH, LOW, baseline_lost=SEVEN, diverged="worst")
    assert rescued.reason.startswith("better in 7 of 10 seeds (0 of the 3 that both finished), ")
    # By hand: seven gains that share rank 7 of 10 and up, against losses of ranks 1 to 3.
    ranks = [7.0] * 7 + [-1.0, -2.0, -3.0]
    assert (rescued.verdict, rescued.p) == ("better", _by_enumeration(ranks))
    assert (rescued.p_sign_flip, rescued.p_max_t, rescued.detectable) == (None, None, None)
    down = judge(HIGH, LOW, baseline_lost=SEVEN, diverged="worst", higher=False)
    assert (down.verdict, down.p) == ("better", 2 / 2**10)


def test_seeds_in_which_both_diverged_are_ties() -> None:
    tied = judge(LOW, HIGH, lost=[1, 2, 3, 4], baseline_lost=[1, 2, 3, 4], diverged="worst")
    assert (tied.n_ranked, tied.p) == (10, 2 / 2**6)
    assert tied.verdict == "better"


def test_without_deaths_it_is_wilcoxons_test() -> None:
    scores = [low + step for low, step in zip(LOW, (3, -1, 2, 5, -4, 6, 7, 8, 9, 10), strict=True)]
    finding = judge(LOW, scores, diverged="worst")
    theirs = scipy.stats.wilcoxon(np.round(np.subtract(scores, LOW), 9), method="exact")
    assert finding.p == pytest.approx(theirs.pvalue, rel=1e-12)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_ranks_are_scipys_with_pratts_zeros(whole: list[int]) -> None:
    signs, ranks = np.sign(whole), scipy.stats.rankdata(np.abs(whole))
    assert signed_ranks([float(value) for value in whole]) == (signs * ranks).tolist()
    assert sign_flip_p(signed_ranks([*map(float, whole)])) == _by_enumeration(signs * ranks)


def test_infinite_differences_share_the_highest_ranks() -> None:
    assert signed_ranks([math.inf, 0.5, -math.inf, 0.0]) == [3.5, 2.0, -3.5, 0.0]
    assert signed_ranks([1.0, 1.0 + 1e-12, -3.0], resolution=1e-10) == [1.5, 1.5, -3.0]


def _by_enumeration(ranks: Sequence[float]) -> float:
    sums = [
        abs(float(np.dot(signs, np.abs(ranks))))
        for signs in itertools.product((1, -1), repeat=len(ranks))
    ]
    return float(np.mean(np.array(sums) >= abs(sum(ranks))))


def test_a_run_that_diverged_loses_where_it_ranks_worst() -> None:
    lost = range(3, 11)
    # Two of ten runs win against all ten of the baseline.
    assert judge(LOW, HIGH, lost=lost, diverged="worst").improvement == pytest.approx(0.2)
    assert judge(LOW, HIGH, lost=lost).improvement == 1.0
    both = judge(LOW, HIGH, lost=[1], baseline_lost=[1], diverged="worst")
    # Nine of ten win against all ten, and the two that diverged tie.
    assert both.improvement == pytest.approx((9 * 10 + 0.5) / 100)
    lower = judge(HIGH, LOW, lost=lost, diverged="worst", higher=False)
    assert lower.improvement == pytest.approx(0.2)


def test_improvement_needs_no_pair_that_finished_where_the_dead_rank_worst() -> None:
    dead = judge(LOW, HIGH, lost=SEEDS, diverged="worst")
    assert (dead.n, dead.improvement, dead.variant_iqm) == (0, 0.0, None)
    assert judge(LOW, HIGH, lost=SEEDS).improvement is None
