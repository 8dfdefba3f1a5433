"""The cost of training: a run's course, and the metrics that compare variants by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from harness.analysis import AtEqualCost, RunResult, ScoredMetric, ToTarget
from harness.components.cost_metric import CostMetric
from harness.contracts import CORE_METRICS, OF_RAW_TEXT, Cost, Course, Measurement
from harness.study.values import BASELINE, Study

# A ratio of total costs beyond which variants are also compared at equal cost. Time varies from run
# to run, and that of short runs is mostly their start.
_TOLERANCES: Mapping[Cost, float] = {"tokens": 1.01, "seconds": 1.1}
_LEAST_SECONDS = 10.0


def training_course(
    measurements: Sequence[Measurement], *, seconds_per_update: float | None
) -> Course:
    """The course of a run whose training has ended."""
    validation = [point for point in measurements if point.split == "validation"]
    updates = sorted({point.update for point in validation})
    values = {(point.update, point.metric): point.value for point in validation}
    costs: dict[Cost, Sequence[float]] = {"updates": [*map(float, updates)]}
    if tokens := [point for point in measurements if point.metric == "target_tokens"]:
        costs["tokens"] = [*_cumulative(tokens, updates=updates)]
    if seconds_per_update is not None:
        costs["seconds"] = [update * seconds_per_update for update in updates]
    scores = {
        metric: [values.get((update, metric)) for update in updates] for metric in CORE_METRICS
    }
    return Course(costs=costs, scores=scores)


def costs_to_targets(course: Course, *, metrics: Iterable[CostMetric]) -> dict[str, float]:
    """The cost of a run by each metric whose target it reached."""
    costs = {metric.name: metric.build()(course) for metric in metrics}
    return {name: cost for name, cost in costs.items() if cost is not None}


def cost_signature(metric: CostMetric) -> str:
    """The computation of a cost in words."""
    return f"first validation nll of at most {metric.nll:g}; linear between evaluations"


def scored_cost(metric: CostMetric) -> ScoredMetric:
    """A metric of cost, as the analysis takes it."""
    rule = ToTarget(cost=metric.cost, nll=metric.nll)
    return ScoredMetric(name=metric.name, higher_is_better=False, split="validation", rule=rule)


def at_equal_cost(study: Study, *, results: Sequence[RunResult]) -> Iterator[ScoredMetric]:
    """The primary metric at equal tokens and seconds, for each in which some variant differs.

    If the primary metric is not one that is measured on the way, the negative log-likelihood. A
    factorial study compares sums of cells, which have no cost.
    """
    if study.design.factorial:
        return
    metric = _measured(study.compare.primary)
    for cost, tolerance in _TOLERANCES.items():
        ratios = cost_ratios(results, cost=cost)
        if any(not 1 / tolerance <= ratio <= tolerance for ratio in ratios.values()):
            yield ScoredMetric(
                name=equal_cost_name(study.compare.primary, cost=cost),
                higher_is_better=CORE_METRICS[metric],
                of_raw_text=metric in OF_RAW_TEXT,
                split="validation",
                rule=AtEqualCost(cost=cost, metric=metric),
            )


def equal_cost_name(primary: str, *, cost: Cost) -> str:
    """The name of the metric that compares variants at equal cost."""
    return f"{_measured(primary)}_at_equal_{cost}"


def cost_ratios(
    results: Sequence[RunResult], *, cost: Cost, per_update: bool = False
) -> dict[str, float]:
    """The cost of each variant's training relative to the baseline's, or that of one update.

    The median over seeds, since one run on a busy machine would move their mean.
    """
    totals = {
        (run.variant, run.seed): _total(run.course, cost=cost, per_update=per_update)
        for run in results
        if run.course and run.outcome == "finished"
    }
    known = {key: total for key, total in totals.items() if total}
    ratios: dict[str, list[float]] = {}
    for (variant, seed), total in known.items():
        if variant != BASELINE and (baseline := known.get((BASELINE, seed))):
            ratios.setdefault(variant, []).append(total / baseline)
    return {variant: median(values) for variant, values in ratios.items()}


def _measured(primary: str) -> str:
    """The primary metric, or the one that stands for a metric that is not measured on the way."""
    return primary if primary in CORE_METRICS else "nll"


def _total(course: Course, *, cost: Cost, per_update: bool) -> float | None:
    total, updates = course.total(cost), course.total("updates")
    if total is None or (cost == "seconds" and total < _LEAST_SECONDS):
        return None
    return total / updates if per_update and updates else total


def _cumulative(tokens: Sequence[Measurement], *, updates: Sequence[int]) -> Iterator[float]:
    """The tokens seen up to each of these updates; both are in order."""
    total, rest = 0.0, iter(tokens)
    point = next(rest, None)
    for update in updates:
        while point is not None and point.update <= update:
            total += point.value
            point = next(rest, None)
        yield total
