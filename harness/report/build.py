"""From the ledger to a report: scores, findings, and what a reader needs beside them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from heapq import nlargest
from importlib.metadata import version
from statistics import pstdev

from harness.analysis import RunResult
from harness.comparability.observed import assess_comparability
from harness.contracts import RunSummary
from harness.registry.discovery import Plugins
from harness.report import Pretraining, Report, SampleTranslation
from harness.report.provenance import provenance
from harness.runs.ledger import Hypothesis, Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.findings import find, metric_faults, scored_metrics
from harness.study.changes import changes
from harness.study.serialization import trained_runs
from harness.study.values import Study

_SPECIMENS = 5


def build_report(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, plugins: Plugins, command: str
) -> Report:
    """Score every run of a study, compare the variants with the baseline, and gather the rest."""
    scored, findings = find(study, runs=runs, ledger=ledger)
    results = [each.result for each in scored]
    planned, changed = {run.seed for run in runs}, changes(study)
    return Report(
        name=study.name,
        question=study.question,
        primary=next(m for m in scored_metrics(study.metrics) if m.name == study.compare.primary),
        variants=tuple(study.variants),
        seeds=[seed for seed in study.seeds if seed in planned],
        results=results,
        findings=findings,
        changes=changed,
        samples=_samples(runs, ledger=ledger),
        signatures={name: text for each in scored for name, text in each.signatures.items()},
        faults=metric_faults(scored, plugins=plugins),
        command=command,
        runs=_facts(runs, results=results, ledger=ledger),
        comparability=assess_comparability(study, runs=runs, ledger=ledger, changed=changed),
        design=study.design,
        pretraining=_pretraining(study),
        provenance=provenance(study, runs=runs, ledger=ledger),
        versions={
            "harness": version("transformer-harness"),
            "torch": version("torch"),
            "Python": platform.python_version(),
        },
    )


def _pretraining(study: Study) -> list[Pretraining]:
    """What the variants started from or drew on."""
    named = {name: trained_runs(each) for name, each in study.variants.items()}
    return [
        Pretraining(
            start,
            updates=experiment.budget.updates,
            initialized=[
                name for name, each in study.variants.items() if each.starts_from == start
            ],
            referenced=[
                name
                for name, runs in named.items()
                if any(run == start and place != ("starts_from",) for place, run in runs)
            ],
        )
        for start, experiment in study.pretraining.items()
    ]


def _samples(runs: Sequence[PlannedRun], *, ledger: Ledger) -> list[SampleTranslation]:
    """The sentences on which the first seed's models differ most, in their order.

    A variant that was tested on other sentences is left out.
    """
    written = {
        run.variant: ledger.hypotheses(run.digest, evaluation=run.evaluation)
        for run in runs
        if run.seed == runs[0].seed
    }
    known: list[Hypothesis] = next((each for each in written.values() if each), [])
    lines = [sentence[:2] for sentence in known]
    shared = {
        variant: texts
        for variant, texts in written.items()
        if [sentence[:2] for sentence in texts] == lines
    }
    spread = [_spread(sentence) for sentence in zip(*shared.values(), strict=True)]
    return [
        SampleTranslation(
            known[row].source,
            known[row].reference,
            {variant: texts[row].hypothesis for variant, texts in shared.items()},
        )
        for row in sorted(nlargest(_SPECIMENS, range(len(spread)), key=spread.__getitem__))
    ]


def _spread(sentence: Sequence[Hypothesis]) -> float:
    """How far models are apart on a sentence, by the words they share with its reference.

    The standard deviation of the Jaccard index. Where all are wrong, they do not differ.
    """
    near = []
    for each in sentence:
        given, wanted = set(each.hypothesis.split()), set(each.reference.split())
        near.append(len(given & wanted) / max(1, len(given | wanted)))
    return pstdev(near)


def _facts(
    runs: Sequence[PlannedRun], *, results: Sequence[RunResult], ledger: Ledger
) -> list[RunSummary]:
    """What figures may show of every planned run."""
    ended = {(result.variant, result.seed): result for result in results}
    return [
        _run_facts(run, result=ended.get((run.variant, run.seed)), ledger=ledger) for run in runs
    ]


def _run_facts(run: PlannedRun, *, result: RunResult | None, ledger: Ledger) -> RunSummary:
    measured = ledger.measurements(run.digest)
    tokens = [each.value for each in measured if each.metric == "target_tokens"]
    return RunSummary(
        variant=run.variant,
        seed=run.seed,
        outcome=result.outcome if result else None,
        scores=result.scores if result else {},
        validation=tuple(each for each in measured if each.split == "validation"),
        seconds=(ledger.outcome(run.digest) or {}).get("seconds"),
        target_tokens=int(sum(tokens)) if tokens else None,
    )
