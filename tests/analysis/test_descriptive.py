"""Metrics that only describe: a difference is higher or lower, and never better or worse."""

from __future__ import annotations

import pytest

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Diverged, Finding
from harness.report.verdict_claims import claims
from harness.study.values import Comparison

VARIED = ScoredMetric(name="varied", higher_is_better=None, of_text=True)
LOW = (30.0, 31.0, 29.0, 30.5, 29.5, 30.2)
HIGH = (32.0, 33.5, 30.9, 32.4, 31.3, 32.3)


def runs(variant: str, scores: tuple[float, ...], *, lost: tuple[int, ...]) -> list[RunResult]:
    """A run for each score, from seed 1; those of the lost seeds diverged."""
    return [
        RunResult(variant=variant, seed=seed, outcome="diverged")
        if seed in lost
        else RunResult(variant=variant, seed=seed, outcome="finished", scores={"varied": score})
        for seed, score in enumerate(scores, start=1)
    ]


def judge(
    baseline: tuple[float, ...],
    variant: tuple[float, ...],
    *,
    baseline_lost: tuple[int, ...] = (),
    lost: tuple[int, ...] = (),
    diverged: Diverged = "excluded",
) -> Finding:
    (finding,) = compare(
        [*runs("baseline", baseline, lost=baseline_lost), *runs("other", variant, lost=lost)],
        variants=("baseline", "other"),
        seeds=range(1, 7),
        metrics=[VARIED],
        comparison=Comparison(primary="varied", diverged=diverged),
    )
    return finding


@pytest.mark.parametrize(
    ("baseline", "variant", "verdict"), [(LOW, HIGH, "higher"), (HIGH, LOW, "lower")]
)
def test_a_difference_is_higher_or_lower_and_the_answer_says_no_more(
    baseline: tuple[float, ...], variant: tuple[float, ...], verdict: str
) -> None:
    finding = judge(baseline, variant)
    assert (finding.verdict, finding.higher_is_better) == (verdict, None)
    assert finding.reason.startswith(f"6 of 6 seeds {verdict}; p ")
    assert list(claims([finding])) == [f"other has a {verdict} score than the baseline"]


def test_runs_have_no_probability_of_being_better() -> None:
    finding = judge(LOW, HIGH)
    assert (finding.improvement, finding.improvement_low) == (None, None)
    assert finding.variant_iqm == pytest.approx((31.3 + 32.0 + 32.3 + 32.4) / 4)


@pytest.mark.parametrize("lost", [{"lost": (6,)}, {"baseline_lost": (6,)}])
@pytest.mark.parametrize(("baseline", "variant"), [(LOW, HIGH), (HIGH, LOW)])
def test_runs_that_diverged_on_either_side_leave_it_open(lost, baseline, variant) -> None:
    """No direction is better, so that no side can be said to have gained by the deaths."""
    finding = judge(baseline, variant, **lost)
    assert finding.verdict == "inconclusive"
    claim = "higher" if variant is HIGH else "lower"
    side = "it" if "lost" in lost else "the baseline"
    assert f"{claim} only where {side} did not diverge" in finding.reason


def test_nothing_ranks_worst_where_no_direction_is_better() -> None:
    ranked = judge(LOW, HIGH, lost=(6,), diverged="worst")
    assert (ranked.verdict, ranked.p_ranks) == ("inconclusive", None)
    assert ranked == judge(LOW, HIGH, lost=(6,))
