"""Costs to a target and scores at equal cost, on curves whose answers are known in closed form."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
import scipy.stats

from harness.analysis import AtEqualCost, RunResult, ScoredMetric, ToTarget, compare
from harness.contracts import Cost, Course, Finding, Method
from harness.study.values import Comparison

EVALUATED = tuple(range(0, 101, 10))
TARGET = 2.0
SLOPES = (0.05, 0.055, 0.06, 0.045, 0.05, 0.052)  # nll an update, from 5: all reach 2 by 67
COSTS: Mapping[Cost, ScoredMetric] = {
    cost: ScoredMetric(
        name=f"{cost}_to",
        higher_is_better=False,
        split="validation",
        rule=ToTarget(cost=cost, nll=TARGET),
    )
    for cost in ("updates", "tokens", "seconds")
}
EQUAL_SECONDS = ScoredMetric(
    name="nll_at_equal_seconds",
    higher_is_better=False,
    split="validation",
    rule=AtEqualCost(cost="seconds", metric="nll"),
)


def course(
    curve: Sequence[float], *, pace: float = 1.0, updates: Sequence[int] = EVALUATED
) -> Course:
    """A course of 50 tokens an update."""
    costs: dict[Cost, Sequence[float]] = {
        "updates": updates,
        "tokens": [50 * update for update in updates],
        "seconds": [pace * update for update in updates],
    }
    return Course(costs=costs, scores={"nll": curve})


def falling(slope: float, *, pace: float = 1.0) -> Course:
    return course([5 - slope * update for update in EVALUATED], pace=pace)


def runs(variant: str, slopes: Sequence[float], *, pace: float = 1.0) -> list[RunResult]:
    """A finished run a seed whose nll falls by the slope at every update."""
    results = []
    for seed, slope in enumerate(slopes, start=1):
        own = falling(slope, pace=pace)
        costs = {f"{cost}_to": own.cost_to(TARGET, cost=cost) for cost in COSTS}
        results.append(
            RunResult(
                variant=variant,
                seed=seed,
                outcome="finished",
                scores={name: cost for name, cost in costs.items() if cost is not None},
                tokens="the same",
                course=own,
            )
        )
    return results


def judge(
    baseline: Sequence[RunResult],
    *others: Sequence[RunResult],
    metric: ScoredMetric = COSTS["updates"],
    method: Method = "paired_t",
    margin: float | None = None,
) -> list[Finding]:
    results = [*baseline, *itertools.chain(*others)]
    return list(
        compare(
            results,
            variants=list(dict.fromkeys(run.variant for run in results)),
            seeds=range(1, len(baseline) + 1),
            metrics=[metric],
            comparison=Comparison(primary=metric.name, method=method, margin=margin),
        )
    )


# --- courses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nll", "updates"),
    [(5.0, 0.0), (6.0, 0.0), (4.5, 10.0), (2.0, 60.0), (1.9, 62.0), (-0.1, None)],
)
def test_a_cost_is_where_the_line_between_evaluations_meets_the_target(
    nll: float, updates: float | None
) -> None:
    own = falling(0.05, pace=0.5)
    assert own.cost_to(nll, cost="updates") == pytest.approx(updates)
    assert own.cost_to(nll, cost="tokens") == pytest.approx(updates and 50 * updates)
    assert own.cost_to(nll, cost="seconds") == pytest.approx(updates and 0.5 * updates)


def test_the_first_time_counts_and_not_a_later_one() -> None:
    own = course([4.0, 3.0, 1.0, 3.0, 1.0], updates=(0, 1, 2, 3, 4))
    assert own.cost_to(2.0, cost="updates") == 1.5


def test_a_convex_curve_is_met_too_late_and_by_less_than_an_evaluation() -> None:
    own = course([5 * math.exp(-update / 40) for update in EVALUATED])
    exact = 40 * math.log(5 / TARGET)
    found = own.cost_to(TARGET, cost="updates")
    assert found is not None
    assert exact < found < exact + 0.5


@pytest.mark.parametrize(
    ("seconds", "nll"), [(0.0, 5.0), (5.0, 4.5), (7.5, 4.25), (50.0, 0.0), (50.1, None)]
)
def test_a_score_at_a_cost_is_on_that_line_too(seconds: float, nll: float | None) -> None:
    own = falling(0.05, pace=0.5)
    assert own.score_at(seconds, cost="seconds", metric="nll") == pytest.approx(nll)


def test_what_is_not_known_has_no_cost() -> None:
    unknown = Course(costs={"updates": (0, 1)}, scores={"nll": (5.0, 1.0), "perplexity": (None, 3)})
    assert unknown.total("seconds") is None
    assert unknown.cost_to(2.0, cost="seconds") is None
    assert unknown.score_at(0.5, cost="updates", metric="perplexity") is None


# --- costs to a target --------------------------------------------------------------------------


def test_if_every_run_reaches_its_target_the_costs_have_a_paired_t_test() -> None:
    faster = [1.3 * slope for slope in SLOPES]
    (finding,) = judge(runs("baseline", SLOPES), runs("fast", faster))
    theirs = scipy.stats.ttest_rel([3 / s for s in faster], [3 / s for s in SLOPES])
    assert (finding.verdict, finding.reached, finding.baseline_reached) == ("better", 6, 6)
    assert finding.p == pytest.approx(theirs.pvalue)
    assert finding.interval_low is not None
    assert finding.reason.startswith("reached the target in 6 of 6 runs, the baseline in 6 of 6; ")


def test_a_run_that_never_gets_there_is_the_slowest_and_is_not_dropped() -> None:
    """Without it, this variant would be the faster one: it gets there early or not at all."""
    slopes = [2 * slope for slope in SLOPES[:2]] + [0.02] * 4
    (finding,) = judge(runs("baseline", SLOPES), runs("odd", slopes))
    assert (finding.n, finding.reached, finding.baseline_reached) == (6, 2, 6)
    assert (finding.interval_low, finding.detectable) == (None, None)
    assert finding.difference is not None
    assert finding.difference > 0
    differences = [3 / s - 3 / b for s, b in zip(slopes[:2], SLOPES[:2], strict=True)]
    differences += [100 - 3 / b for b in SLOPES[2:]]  # all 100 updates are a lower bound
    theirs = scipy.stats.permutation_test(
        (differences,), sum, permutation_type="samples", n_resamples=math.inf
    )
    assert finding.p == finding.p_sign_flip == pytest.approx(theirs.pvalue)
    assert finding.reason.startswith("reached the target in 2 of 6 runs, the baseline in 6 of 6; ")


def test_if_no_variant_run_gets_there_it_is_worse() -> None:
    (finding,) = judge(runs("baseline", SLOPES), runs("slow", [0.02] * 6))
    assert (finding.verdict, finding.p) == ("worse", 2 / 2**6)


def test_if_no_run_gets_there_on_either_side_nothing_is_equal_or_equivalent() -> None:
    slow = [slope / 4 for slope in SLOPES]
    (finding,) = judge(runs("baseline", slow), runs("other", slow[::-1]), margin=50.0)
    assert (finding.verdict, finding.p, finding.p_equivalent) == ("inconclusive", 1.0, None)
    assert (finding.reached, finding.baseline_reached) == (0, 0)


def test_a_run_that_diverges_never_gets_there() -> None:
    diverged = [RunResult(variant="wild", seed=seed, outcome="diverged") for seed in range(1, 7)]
    (finding,) = judge(runs("baseline", SLOPES), diverged)
    assert (finding.verdict, finding.n, finding.reached) == ("worse", 6, 0)


def test_a_failed_run_is_missing_as_it_will_be_run_again() -> None:
    failed = RunResult(variant="slow", seed=6, outcome="failed")
    (finding,) = judge(runs("baseline", SLOPES), [*runs("slow", [0.02] * 5), failed])
    assert (finding.n, finding.reached, finding.baseline_reached) == (5, 0, 5)
    assert finding.reason.endswith("the variant failed in 1 of 6 seeds")


def test_a_run_that_was_followed_for_longer_is_not_slower_for_what_it_did_then() -> None:
    """The baseline stops at 100 seconds short of the target; the variant meets it at 120 of 200."""
    baseline, late = runs("baseline", [0.025] * 6), runs("late", SLOPES, pace=2.0)
    (finding,) = judge(baseline, late, metric=COSTS["seconds"])
    assert (finding.reached, finding.baseline_reached) == (6, 0)
    assert (finding.verdict, finding.difference, finding.p) == ("inconclusive", 0.0, 1.0)


def test_without_pairs_a_missed_target_leaves_no_test() -> None:
    slopes = [*SLOPES[:5], 0.02]
    (finding,) = judge(runs("baseline", SLOPES), runs("odd", slopes), method="welch")
    assert (finding.verdict, finding.p, finding.n, finding.reached) == ("inconclusive", None, 6, 5)
    assert "no test of runs that are not paired" in finding.reason


def test_under_the_null_hypothesis_at_most_five_percent_of_labelings_differ() -> None:
    """Exact: every one of the 64 ways to swap the two sides of six pairs is equally likely."""
    first = (0.05, 0.02, 0.06, 0.045, 0.01, 0.052)  # two never get there
    second = (0.04, 0.03, 0.02, 0.035, 0.028, 0.0401)
    verdicts = []
    for swapped in itertools.product([False, True], repeat=6):
        pairs = [
            (b, a) if swap else (a, b) for a, b, swap in zip(first, second, swapped, strict=True)
        ]
        sides = [[pair[side] for pair in pairs] for side in (0, 1)]
        (finding,) = judge(runs("baseline", sides[0]), runs("other", sides[1]))
        verdicts.append(finding.verdict)
    assert set(verdicts) <= {"better", "worse", "inconclusive"}
    assert sum(verdict != "inconclusive" for verdict in verdicts) <= 0.05 * 64


# --- scores at equal cost -----------------------------------------------------------------------


def test_a_gain_by_the_update_at_twice_the_time_is_a_loss_by_the_second() -> None:
    steeper = [1.5 * slope for slope in SLOPES]
    (finding,) = judge(
        runs("baseline", SLOPES), runs("r_drop", steeper, pace=2.0), metric=EQUAL_SECONDS
    )
    # At the baseline's 100 seconds, it has made 50 updates.
    expected = [(5 - 50 * 1.5 * slope) - (5 - 100 * slope) for slope in SLOPES]
    found = [pair.variant - pair.baseline for pair in finding.per_seed]
    assert found == pytest.approx(expected)
    assert (finding.verdict, finding.split) == ("worse", "validation")


def test_a_cheaper_variant_is_compared_at_its_own_total() -> None:
    (finding,) = judge(
        runs("baseline", SLOPES), runs("light", SLOPES, pace=0.5), metric=EQUAL_SECONDS
    )
    # At 50 seconds, the variant has made its 100 updates and the baseline 50.
    assert [pair.variant - pair.baseline for pair in finding.per_seed] == pytest.approx(
        [-50 * slope for slope in SLOPES]
    )
    assert finding.verdict == "better"


def test_a_run_of_unknown_time_is_not_compared_by_the_second() -> None:
    unknown = [
        RunResult(
            variant="odd", seed=seed, outcome="finished", scores={"nll": 2.0}, tokens="the same"
        )
        for seed in range(1, 7)
    ]
    (finding,) = judge(runs("baseline", SLOPES), unknown, metric=EQUAL_SECONDS)
    assert (finding.verdict, finding.n) == ("no_inference", 0)
