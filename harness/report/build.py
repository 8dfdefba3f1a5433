"""Reports built from the ledger: scores, findings, and the facts that a reader needs with them."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from heapq import nlargest
from importlib.metadata import version
from statistics import pstdev

from harness.analysis import RunResult, ScoredMetric
from harness.comparability.mixing import compared_pairs, mixed_pairs
from harness.comparability.observed import assess_comparability
from harness.contracts import RunSummary
from harness.registry.discovery import Plugins
from harness.report import Pretraining, Report, SampleTranslation
from harness.report.learning_text import nothing_learned
from harness.report.provenance import provenance
from harness.runs.ledger import Hypothesis, Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.findings import find, metric_faults, scored_metrics
from harness.study.changes import changes_from_baseline
from harness.study.serialization import trained_runs
from harness.study.values import Study

_SAMPLES = 5  # sentences


def build_report(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, plugins: Plugins, command: str
) -> Report:
    """Score every run of a study, compare the variants with the baseline, and gather the rest."""
    scored, findings = find(study, runs=runs, ledger=ledger)
    results = [run.result for run in scored]
    planned, changed = {run.seed for run in runs}, changes_from_baseline(study)
    pairs = compared_pairs(findings, variants=tuple(study.variants))
    return Report(
        name=study.name,
        question=study.question,
        primary=_primary(study),
        variants=tuple(study.variants),
        seeds=[seed for seed in study.seeds if seed in planned],
        results=results,
        findings=findings,
        changes=changed,
        samples=_samples(runs, ledger=ledger),
        signatures={name: text for run in scored for name, text in run.signatures.items()},
        faults=metric_faults(scored, plugins=plugins),
        command=command,
        runs=_summaries(runs, results=results, ledger=ledger),
        comparability=assess_comparability(study, runs=runs, ledger=ledger, changed=changed),
        design=study.design,
        pretraining=_pretraining(study),
        provenance=provenance(study, runs=runs, ledger=ledger),
        unlearned=nothing_learned(
            runs, results=results, metrics=scored_metrics(study.metrics), ledger=ledger
        ),
        mixed=mixed_pairs(_scored_runs(runs, results=results), pairs=pairs),
        versions={
            "harness": version("transformer-harness"),
            "torch": version("torch"),
            "Python": platform.python_version(),
        },
    )


def _scored_runs(
    runs: Sequence[PlannedRun], *, results: Sequence[RunResult]
) -> Mapping[str, Sequence[PlannedRun]]:
    """The runs with a score, by variant."""
    scored = {(result.variant, result.seed) for result in results if result.scores}
    return {
        name: [run for run in runs if run.variant == name and (name, run.seed) in scored]
        for name, _ in scored
    }


def _primary(study: Study) -> ScoredMetric:
    metrics = scored_metrics(study.metrics)
    return next(metric for metric in metrics if metric.name == study.compare.primary)


def _pretraining(study: Study) -> list[Pretraining]:
    """The models that were trained before, each with the variants that start from it or name it."""
    named = {name: trained_runs(choices) for name, choices in study.variants.items()}
    starts = {name: choices.starts_from for name, choices in study.variants.items()}
    updates = {name: choices.budget.updates for name, choices in study.pretraining.items()}
    folders = {str(start): None for start in starts.values() if start and start.is_folder}
    return [
        Pretraining(
            start,
            updates=count,
            initialized=[name for name, origin in starts.items() if origin == start],
            referenced=[
                name
                for name, runs in named.items()
                if any(run == start and place != ("starts_from",) for place, run in runs)
            ],
        )
        for start, count in {**updates, **folders}.items()
    ]


def _samples(runs: Sequence[PlannedRun], *, ledger: Ledger) -> list[SampleTranslation]:
    """The sentences on which the first seed's models differ most, in their order.

    A variant that was tested on different sentences is left out.
    """
    written = {
        run.variant: ledger.hypotheses(run.digest, evaluation=run.evaluation)
        for run in runs
        if run.seed == runs[0].seed
    }
    known: list[Hypothesis] = next((texts for texts in written.values() if texts), [])
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
        # Chosen by spread, shown as they stand in the file.
        for row in sorted(nlargest(_SAMPLES, range(len(spread)), key=spread.__getitem__))
    ]


def _spread(sentence: Sequence[Hypothesis]) -> float:
    """The spread of models on a sentence, by the words that they share with its reference.

    The standard deviation of the Jaccard index. Where all are wrong, they do not differ.
    """
    overlaps = []
    for translation in sentence:
        actual = set(translation.hypothesis.split())
        expected = set(translation.reference.split())
        overlaps.append(len(actual & expected) / max(1, len(actual | expected)))
    return pstdev(overlaps)


def _summaries(
    runs: Sequence[PlannedRun], *, results: Sequence[RunResult], ledger: Ledger
) -> list[RunSummary]:
    """The facts of every planned run, for figures."""
    ended = {(result.variant, result.seed): result for result in results}
    return [_summary(run, result=ended.get((run.variant, run.seed)), ledger=ledger) for run in runs]


def _summary(run: PlannedRun, *, result: RunResult | None, ledger: Ledger) -> RunSummary:
    measurements, outcome = ledger.measurements(run.digest), ledger.outcome(run.digest)
    evaluated = ledger.evaluated(run.digest, evaluation=run.evaluation)
    tokens = [point.value for point in measurements if point.metric == "target_tokens"]
    return RunSummary(
        variant=run.variant,
        seed=run.seed,
        outcome=result.outcome if result else None,
        scores=result.scores if result else {},
        validation=tuple(point for point in measurements if point.split == "validation"),
        seconds=outcome.seconds if outcome else None,
        target_tokens=int(sum(tokens)) if tokens else None,
        training=run.digest,
        generation=next(iter(run.decoding.generation or {}), ""),
        decoding=evaluated.decoding if evaluated else None,
    )
