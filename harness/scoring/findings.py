"""Findings from the scores of the runs in a ledger, and the metrics that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.analysis import RunResult, ScoredMetric, compare
from harness.components import Metric
from harness.components.cost_metric import CostMetric
from harness.components.metric import StudyMetric
from harness.contracts import CORE_BOUNDS, CORE_METRICS, OF_RAW_TEXT, Finding
from harness.registry.attribution import fault_line
from harness.registry.discovery import Plugins
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.text_metrics import ScoredRun, score
from harness.scoring.training_cost import at_equal_cost, scored_cost
from harness.study.values import Study


def find(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger
) -> tuple[Sequence[ScoredRun], Sequence[Finding]]:
    """The scores of every run that has ended, and the findings from them."""
    results = (score(run, metrics=study.metrics, ledger=ledger) for run in runs)
    scored = [run for run in results if run is not None]
    ended = [run.result for run in scored]
    findings = compare(
        ended,
        variants=tuple(study.variants),
        seeds=study.seeds,
        metrics=[
            *known_metrics(study.metrics, results=ended, primary=study.compare.primary),
            *at_equal_cost(study, results=ended),
        ],
        comparison=study.compare,
        design=study.design,
    )
    return scored, findings


def metric_faults(scored: Sequence[ScoredRun], *, plugins: Plugins) -> list[str]:
    """The faults of metrics, one line each with the number of runs left without a score."""
    # Counted, as a metric that fails does so on many runs with the same line.
    lines = Counter(fault_line(plugins, error=fault) for run in scored for fault in run.faults)
    return [f"{line}; {count} of {len(scored)} runs unscored" for line, count in lines.items()]


def known_metrics(
    metrics: Sequence[StudyMetric], *, results: Sequence[RunResult], primary: str
) -> list[ScoredMetric]:
    """The same without a metric of the raw text that no run has, unless it is the primary one.

    Tokens may not give the text back, and runs of earlier versions have no such score.
    """
    known = {name for run in results for name in run.scores} | {primary}
    return [
        metric
        for metric in scored_metrics(metrics)
        if metric.name in known or not metric.of_raw_text
    ]


def scored_metrics(metrics: Sequence[StudyMetric]) -> list[ScoredMetric]:
    """A study's metrics and those that every run has, as the analysis takes them."""
    core = [
        ScoredMetric(
            name=name,
            higher_is_better=up,
            of_raw_text=name in OF_RAW_TEXT,
            bounds=CORE_BOUNDS[name],
        )
        for name, up in CORE_METRICS.items()
    ]
    text = [
        ScoredMetric(
            name=metric.name,
            higher_is_better=metric.higher_is_better,
            of_text=True,
            bounds=metric.bounds,
        )
        for metric in metrics
        if isinstance(metric, Metric)
    ]
    costs = [scored_cost(metric) for metric in metrics if isinstance(metric, CostMetric)]
    return [*text, *costs, *core]
