"""From the ledger to a report: scores, findings, and what a reader needs beside them."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from harness.analysis import ScoredMetric, compare
from harness.contracts import CORE_METRICS
from harness.differences import differences
from harness.ledger import Hypothesis, Ledger
from harness.planning import PlannedRun
from harness.report import Change, Report, Specimen
from harness.resolving import resolved_experiment
from harness.scoring import score
from harness.study import BASELINE, Study
from harness.wording import shown

_SPECIMENS = 5


def conclude(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, command: str) -> Report:
    """Score every run of a study, compare the variants with the baseline, and gather the rest."""
    every = (score(run, metrics=study.metrics, ledger=ledger) for run in runs)
    scored = [each for each in every if each is not None]
    results = [each.result for each in scored]
    metrics = scored_metrics(study)
    findings = compare(
        results,
        variants=tuple(study.variants),
        seeds=study.seeds,
        metrics=metrics,
        comparison=study.compare,
    )
    return Report(
        name=study.name,
        question=study.question,
        primary=next(each for each in metrics if each.name == study.compare.primary),
        variants=tuple(study.variants),
        seeds=study.seeds,
        results=results,
        findings=findings,
        changes=changes(study),
        specimens=_specimens(runs, ledger=ledger),
        signatures={name: text for each in scored for name, text in each.signatures.items()},
        command=command,
        versions={
            "harness": version("transformer-harness"),
            "torch": version("torch"),
            "Python": platform.python_version(),
        },
    )


def scored_metrics(study: Study) -> list[ScoredMetric]:
    """The core's metrics and the study's own, as the comparison reads them."""
    core = [ScoredMetric(name=name, higher_is_better=up) for name, up in CORE_METRICS.items()]
    text = [
        ScoredMetric(name=metric.name, higher_is_better=metric.higher_is_better, of_text=True)
        for metric in study.metrics
    ]
    return [*text, *core]


def changes(study: Study) -> Mapping[str, Sequence[Change]]:
    """For every variant, the resolved options in which it differs from the baseline."""
    baseline = resolved_experiment(study.variants[BASELINE])
    return {
        name: [
            Change(each.option, _text(each.old), _text(each.new))
            for each in differences(baseline, new=resolved_experiment(experiment))
        ]
        for name, experiment in study.variants.items()
        if name != BASELINE
    }


def _text(value: object) -> str:
    return "none" if value is None else shown(value)


def _specimens(runs: Sequence[PlannedRun], *, ledger: Ledger) -> list[Specimen]:
    """A few sentences, evenly spread over the split, as the first seed's models wrote them."""
    first = [run for run in runs if run.seed == runs[0].seed]
    written = {
        run.variant: ledger.hypotheses(run.digest, evaluation=run.evaluation) for run in first
    }
    known: list[Hypothesis] = next((each for each in written.values() if each), [])
    step = max(1, len(known) // _SPECIMENS)
    return [
        _specimen(row, known=known[row], written=written) for row in range(0, len(known), step)
    ][:_SPECIMENS]


def _specimen(
    row: int, *, known: Hypothesis, written: Mapping[str, Sequence[Hypothesis]]
) -> Specimen:
    """One row of the split, from the variants that have the same sentence there."""
    same = {
        variant: texts[row].hypothesis
        for variant, texts in written.items()
        if row < len(texts) and texts[row][:2] == known[:2]
    }
    return Specimen(known.source, known.reference, same)
