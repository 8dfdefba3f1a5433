"""A study that stops itself: its p values hold at whichever look was the last."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import scipy.stats

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.interim import p_over_looks
from harness.contracts import Design, Finding
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True)
LOOKS = (3, 6, 9)
STREAM = random.Random(3)
BASELINE = [30 + STREAM.gauss(0, 1) for _ in range(9)]
SMALL = [score + 0.6 + STREAM.gauss(0, 0.7) for score in BASELINE]
LARGE = [score + 5 + STREAM.gauss(0, 0.3) for score in BASELINE]


def runs(variant: str, scores: Sequence[float]) -> list[RunResult]:
    return [
        RunResult(variant=variant, seed=seed, outcome="finished", scores={"bleu": score})
        for seed, score in enumerate(scores, 1)
    ]


def judge(*results: list[RunResult], margin: float | None = None) -> list[Finding]:
    return [
        *compare(
            [run for variant_runs in results for run in variant_runs],
            variants=[variant_runs[0].variant for variant_runs in results],
            seeds=range(1, 10),
            metrics=[BLEU],
            comparison=Comparison(primary="bleu", margin=margin),
            design=Design(looks=LOOKS),
        )
    ]


def test_p_is_the_smallest_so_far_times_the_looks_that_are_planned() -> None:
    assert p_over_looks([0.04, 0.01, None, 0.2], factors=[4] * 4) == pytest.approx(0.04)
    assert p_over_looks([0.6], factors=[4]) == 1
    assert p_over_looks([None], factors=[4]) is None


def test_p_at_an_added_look_has_a_factor_of_its_own() -> None:
    assert p_over_looks([0.03, 0.001], factors=[2, 30]) == pytest.approx(0.03)
    design = Design(looks=(3, 6), added_looks=(8, 4))
    assert design.look_factors == {3: 2, 4: 60, 6: 2, 8: 30}
    endless = Design(looks=(3, 6), added_looks=tuple(range(7, 5000)))
    # However many are added, they share a tenth of what the plan has.
    assert 1.099 < sum(1 / factor for factor in endless.look_factors.values()) < 1.1


@pytest.mark.parametrize("seen", [3, 6, 9])
def test_p_counts_every_look_so_far(seen: int) -> None:
    (finding,) = judge(runs("baseline", BASELINE[:seen]), runs("small", SMALL[:seen]))
    so_far = [scipy.stats.ttest_rel(SMALL[:n], BASELINE[:n]).pvalue for n in LOOKS if n <= seen]
    assert finding.p == pytest.approx(min(1, 3 * min(so_far)))
    assert (finding.n, finding.planned, finding.looks) == (seen, seen, 3)


def test_a_look_waits_until_all_its_runs_have_ended() -> None:
    at_six, between = (
        judge(runs("baseline", BASELINE), runs("small", SMALL[:seen])) for seen in (6, 8)
    )
    assert between == at_six
    (before,) = judge(runs("baseline", BASELINE), runs("small", SMALL[:2]))
    assert (before.verdict, before.p, before.p_adjusted) == ("inconclusive", None, None)
    assert "the variant was not run in 1 of 3 seeds" in before.reason


def test_a_failed_run_is_no_end_and_a_diverged_one_is() -> None:
    theirs, ours = runs("baseline", BASELINE[:6]), runs("small", SMALL[:6])
    for outcome, n in (("failed", 3), ("diverged", 5)):
        dead = replace(ours[4], outcome=outcome, scores={})  # type: ignore[arg-type]  # both are
        (finding,) = judge(theirs, [*ours[:4], dead, *ours[5:]])
        assert finding.n == n


def test_a_variant_that_stopped_keeps_its_verdict_while_others_go_on() -> None:
    alone = judge(runs("baseline", BASELINE[:3]), runs("large", LARGE[:3]))[0]
    assert alone.verdict == "better"
    assert "p = " in alone.reason or "p < " in alone.reason
    assert "after 3 looks" in alone.reason
    for seen in (6, 9):
        large, small = judge(
            runs("baseline", BASELINE[:seen]), runs("large", LARGE[:3]), runs("small", SMALL[:seen])
        )
        assert large.verdict == "better"
        assert (large.n, small.n) == (3, seen)
        assert large.p == alone.p
        assert "after Holm over 2 variants and 3 looks" in small.reason


def test_a_look_that_pointed_the_other_way_is_no_evidence() -> None:
    turned = [score + (5 if n < 3 else -9) + 0.1 * n for n, score in enumerate(BASELINE)]
    before = judge(runs("baseline", BASELINE[:3]), runs("turned", turned[:3]))[0]
    assert before.verdict == "better"
    after = judge(runs("baseline", BASELINE), runs("turned", turned))[0]
    assert after.difference is not None
    assert after.difference < 0
    assert after.verdict == "inconclusive"
    so_far = [scipy.stats.ttest_rel(turned[:n], BASELINE[:n]).pvalue for n in (6, 9)]
    assert after.p == pytest.approx(min(1, 3 * min(so_far)))


def test_intervals_hold_at_any_look_too() -> None:
    (finding,) = judge(runs("baseline", BASELINE[:6]), runs("small", SMALL[:6]))
    theirs = scipy.stats.ttest_rel(SMALL[:6], BASELINE[:6]).confidence_interval(1 - 0.05 / 3)
    assert (finding.interval_low, finding.interval_high) == pytest.approx((theirs.low, theirs.high))


def test_equivalence_is_corrected_for_looks_and_what_sign_flips_can_reach() -> None:
    (finding,) = judge(runs("baseline", BASELINE[:6]), runs("small", SMALL[:6]), margin=3.0)
    differences = [ours - theirs for ours, theirs in zip(SMALL, BASELINE, strict=True)]
    both = [
        max(
            scipy.stats.ttest_1samp(differences[:n], -3.0, alternative="greater").pvalue,
            scipy.stats.ttest_1samp(differences[:n], 3.0, alternative="less").pvalue,
        )
        for n in (3, 6)
    ]
    assert finding.p_equivalent == pytest.approx(3 * min(both))
    assert finding.p_floor == pytest.approx(3 * 2 / 2**6)
    assert finding.p_max_t is None
