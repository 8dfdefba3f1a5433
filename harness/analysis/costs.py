"""Scores that depend on both runs of a pair: costs to a target, and scores at equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.inputs import AtEqualCost, RunResult, ScoredMetric, ToTarget

SeedRuns = tuple[RunResult | None, RunResult | None]


def jointly_scored(
    planned: Sequence[SeedRuns], *, metric: ScoredMetric, paired: bool
) -> list[SeedRuns]:
    """The runs of every seed with the scores by which this metric compares them.

    Runs are followed up to the same cost, the smaller total of a pair (of all runs, if they are not
    `paired`): what happens later is known of one side only. At that cost, a run has its score at
    equal cost; a run that has not reached its target by then counts that cost. A run that diverged
    never reaches its target. If every run does, their costs are compared as they are.
    """
    rule = metric.rule
    if rule is None or (isinstance(rule, ToTarget) and not _any_misses(planned, metric=metric)):
        return [*planned]
    groups = [[pair] for pair in planned] if paired else [[*planned]]
    return [pair for group in groups for pair in _scored(group, metric=metric, rule=rule)]


def reached(runs: Sequence[RunResult], *, planned: Sequence[SeedRuns], metric: ScoredMetric) -> int:
    """The number of these runs that reach the target within their own budget."""
    own = {(run.variant, run.seed): run for pair in planned for run in pair if run}
    return sum(own[run.variant, run.seed].score(metric.name) is not None for run in runs)


def _any_misses(planned: Sequence[SeedRuns], *, metric: ScoredMetric) -> bool:
    # A failed run will be run again, so nothing is known of it yet.
    return any(
        run is not None and run.outcome != "failed" and run.score(metric.name) is None
        for pair in planned
        for run in pair
    )


def _scored(
    group: Sequence[SeedRuns], *, metric: ScoredMetric, rule: ToTarget | AtEqualCost
) -> list[SeedRuns]:
    runs = [run for pair in group for run in pair if run]
    totals = [total for run in runs if (total := _total(run, rule=rule)) is not None]
    if not totals:
        return [*group]
    followed = min(totals)
    tokens = next((run.tokens for run in runs if run.tokens), None)

    def scored(run: RunResult | None) -> RunResult | None:
        if run is None or run.outcome == "failed":
            return run
        if isinstance(rule, AtEqualCost):
            return _at_equal_cost(run, metric=metric, rule=rule, followed=followed)
        if run.outcome == "finished" and _total(run, rule=rule) is None:
            return run  # of unknown cost
        own = run.score(metric.name)
        value = followed if own is None else min(own, followed)
        # One that diverged was not scored on any tokens; it would have been on those of the others.
        counted = replace(run, outcome="finished", tokens=run.tokens or tokens)
        return replace(counted, scores={**run.scores, metric.name: value})

    return [(scored(baseline), scored(variant)) for baseline, variant in group]


def _at_equal_cost(
    run: RunResult, *, metric: ScoredMetric, rule: AtEqualCost, followed: float
) -> RunResult:
    if run.course is None:
        return run
    score = run.course.score_at(followed, cost=rule.cost, metric=rule.metric)
    return run if score is None else replace(run, scores={**run.scores, metric.name: score})


def _total(run: RunResult, *, rule: ToTarget | AtEqualCost) -> float | None:
    return run.course.total(rule.cost) if run.course and run.outcome == "finished" else None
