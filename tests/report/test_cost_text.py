"""What a finding cost, in the answer of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis import AtEqualCost, RunResult, ScoredMetric, ToTarget, compare
from harness.contracts import Course
from harness.report import Report
from harness.report.answer_text import answer
from harness.report.html import as_html
from harness.report.write import as_markdown
from harness.study.values import Comparison

SEEDS = range(1, 7)
SLOPES = (0.05, 0.055, 0.06, 0.045, 0.05, 0.052)  # nll an update, from 6
NLL = ScoredMetric(name="nll", higher_is_better=False)
EQUAL = ScoredMetric(
    name="nll_at_equal_seconds",
    higher_is_better=False,
    split="validation",
    rule=AtEqualCost(cost="seconds", metric="nll"),
)
UPDATES = ScoredMetric(
    name="updates_to",
    higher_is_better=False,
    split="validation",
    rule=ToTarget(cost="updates", nll=2.0),
)


def runs(variant: str, slopes: Sequence[float], *, pace: float) -> list[RunResult]:
    """A run a seed of 100 updates, each of so many seconds."""
    results = []
    for seed, slope in zip(SEEDS, slopes, strict=True):
        nll = 6 - 100 * slope
        course = Course(
            costs={"updates": (0, 100), "tokens": (0, 5000), "seconds": (0, 100 * pace)},
            scores={"nll": (6.0, nll)},
        )
        scores = {"nll": nll}
        if (cost := course.cost_to(2.0, cost="updates")) is not None:
            scores["updates_to"] = cost
        results.append(
            RunResult(
                variant=variant,
                seed=seed,
                outcome="finished",
                scores=scores,
                tokens="the same",
                course=course,
            )
        )
    return results


def reported(report: Report, *, results: list[RunResult], metrics: list[ScoredMetric]) -> Report:
    """A report of these runs, by the first of the metrics."""
    variants = tuple(dict.fromkeys(run.variant for run in results))
    findings = compare(
        results,
        variants=variants,
        seeds=SEEDS,
        metrics=metrics,
        comparison=Comparison(primary=metrics[0].name),
    )
    changed = {"primary": metrics[0], "variants": variants, "seeds": (*SEEDS,), "samples": []}
    return replace(report, results=results, findings=findings, changes={}, **changed)


def test_a_gain_at_twice_the_time_does_not_read_as_free(report: Report) -> None:
    results = runs("baseline", SLOPES, pace=1.0)
    results += runs("r_drop", [1.2 * slope for slope in SLOPES], pace=2.1)
    assert answer(reported(report, results=results, metrics=[NLL, EQUAL])) == (
        "By nll on the test split, over 6 seeds: r_drop is better than the baseline."
        " r_drop took 2.1 times the baseline's time per update and is worse at equal seconds"
        " (nll_at_equal_seconds on the validation split)."
    )


def test_equal_costs_are_not_worth_a_sentence(report: Report) -> None:
    results = runs("baseline", SLOPES, pace=1.0)
    results += runs("other", [1.2 * slope for slope in SLOPES], pace=1.05)
    assert answer(reported(report, results=results, metrics=[NLL])) == (
        "By nll on the test split, over 6 seeds: other is better than the baseline."
    )


def test_the_answer_counts_the_runs_that_never_reached_the_target(report: Report) -> None:
    results = runs("baseline", SLOPES, pace=1.0)
    results += runs("slow", [0.03] * 6, pace=1.0)
    slow = reported(report, results=results, metrics=[UPDATES])
    assert answer(slow) == (
        "By updates_to (nll 2) on the validation split, over 6 seeds: slow is worse than the"
        " baseline; slow reached the target in 0 of 6 runs, the baseline in 6 of 6."
    )
    page = as_markdown(slow)
    assert "| at least 100.00 |" in page
    assert page.count(" not reached |") == 6
    assert "a lower bound; p is then the exact sign-flip test's, and there is no interval." in page
    assert " at least +" in page
    assert "on the same seed, averaged over the seeds on which both finished or diverged" in page
    assert "no spread for" not in page
    died = [replace(finding, diverged=1) for finding in slow.findings]
    assert "of complete pairs" not in as_markdown(replace(slow, findings=died))
    assert "interquartile" not in page  # of bounds, there is none


def test_the_target_is_named_where_all_runs_reached_it(report: Report) -> None:
    results = runs("baseline", SLOPES, pace=1.0)
    results += runs("fast", [1.5 * slope for slope in SLOPES], pace=1.0)
    fast = reported(report, results=results, metrics=[UPDATES])
    page = as_markdown(fast)
    assert "first evaluation with an nll of at most 2 and the one before." in page
    reason = "reached the target in 6 of 6 runs, the baseline in 6 of 6; 6 of 6 seeds lower"
    assert reason in as_html(fast, drawings=())
    assert "lower bound" not in page


def test_a_large_ratio_of_times_is_written_out(report: Report) -> None:
    results = runs("baseline", SLOPES, pace=1.0)
    results += runs("slow", [1.2 * slope for slope in SLOPES], pace=123.0)
    told = answer(reported(report, results=results, metrics=[NLL]))
    assert "slow took 120 times the baseline's time per update" in told
