"""From the ledger to a report: scores, findings, and what a reader needs beside them."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest
from importlib.metadata import version
from statistics import pstdev

from harness.analysis import RunResult, ScoredMetric, compare
from harness.blaming import complaint
from harness.components import Metric
from harness.conditions import conditions
from harness.contracts import CORE_METRICS, Finding, RunFacts
from harness.differences import Difference, differences
from harness.discovery import Plugins
from harness.fairness import fairness
from harness.ledger import Hypothesis, Ledger
from harness.planning import PlannedRun
from harness.report import Beginning, Change, Report, Specimen
from harness.resolving import resolved_experiment, trained_runs
from harness.scoring import ScoredRun, score
from harness.study import BASELINE, Study
from harness.wording import shown

_SPECIMENS = 5
_LONGEST_OPTION = 500  # characters


def conclude(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger, plugins: Plugins, command: str
) -> Report:
    """Score every run of a study, compare the variants with the baseline, and gather the rest."""
    scored, findings = found(study, runs=runs, ledger=ledger)
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
        specimens=_specimens(runs, ledger=ledger),
        signatures={name: text for each in scored for name, text in each.signatures.items()},
        faults=metric_faults(scored, plugins=plugins),
        command=command,
        runs=_facts(runs, results=results, ledger=ledger),
        fairness=fairness(study, runs=runs, ledger=ledger, changed=changed),
        design=study.design,
        beginnings=_beginnings(study),
        conditions=conditions(study, runs=runs, ledger=ledger),
        versions={
            "harness": version("transformer-harness"),
            "torch": version("torch"),
            "Python": platform.python_version(),
        },
    )


def found(
    study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger
) -> tuple[Sequence[ScoredRun], Sequence[Finding]]:
    """The scores of every run that has ended, and what they show."""
    every = (score(run, metrics=study.metrics, ledger=ledger) for run in runs)
    scored = [each for each in every if each is not None]
    findings = compare(
        [each.result for each in scored],
        variants=tuple(study.variants),
        seeds=study.seeds,
        metrics=scored_metrics(study.metrics),
        comparison=study.compare,
        design=study.design,
    )
    return scored, findings


def _beginnings(study: Study) -> list[Beginning]:
    """What the variants started from or drew on."""
    named = {name: trained_runs(each) for name, each in study.variants.items()}
    return [
        Beginning(
            start,
            updates=experiment.budget.updates,
            begun=[name for name, each in study.variants.items() if each.starts_from == start],
            drawn=[
                name
                for name, runs in named.items()
                if any(run == start and place != ("starts_from",) for place, run in runs)
            ],
        )
        for start, experiment in study.pretraining.items()
    ]


def metric_faults(scored: Sequence[ScoredRun], *, plugins: Plugins) -> list[str]:
    """What was wrong with metrics, a line each with how many runs it left without a score."""
    lines = Counter(complaint(plugins, error=fault) for each in scored for fault in each.faults)
    return [f"{line}; {count} of {len(scored)} runs unscored" for line, count in lines.items()]


def scored_metrics(metrics: Sequence[Metric]) -> list[ScoredMetric]:
    """The core's metrics and a study's own, as the comparison reads them."""
    core = [ScoredMetric(name=name, higher_is_better=up) for name, up in CORE_METRICS.items()]
    text = [
        ScoredMetric(name=metric.name, higher_is_better=metric.higher_is_better, of_text=True)
        for metric in metrics
    ]
    return [*text, *core]


def changes(study: Study) -> Mapping[str, Sequence[Change]]:
    """For every variant, the resolved options in which it differs from the baseline."""
    baseline = resolved_experiment(study.variants[BASELINE])
    return {
        name: [
            described(each) for each in differences(baseline, new=resolved_experiment(experiment))
        ]
        for name, experiment in study.variants.items()
        if name != BASELINE
    }


def described(difference: Difference) -> Change:
    """An option that differs, in words."""
    return Change(difference.option, _text(difference.old), _text(difference.new))


def _text(value: object) -> str:
    return "none" if value is None else shown(value, longest=_LONGEST_OPTION)


def _specimens(runs: Sequence[PlannedRun], *, ledger: Ledger) -> list[Specimen]:
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
        Specimen(
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
) -> list[RunFacts]:
    """What figures may show of every planned run."""
    ended = {(result.variant, result.seed): result for result in results}
    return [
        _run_facts(run, result=ended.get((run.variant, run.seed)), ledger=ledger) for run in runs
    ]


def _run_facts(run: PlannedRun, *, result: RunResult | None, ledger: Ledger) -> RunFacts:
    measured = ledger.measurements(run.digest)
    tokens = [each.value for each in measured if each.metric == "target_tokens"]
    return RunFacts(
        variant=run.variant,
        seed=run.seed,
        outcome=result.outcome if result else None,
        scores=result.scores if result else {},
        validation=tuple(each for each in measured if each.split == "validation"),
        seconds=(ledger.outcome(run.digest) or {}).get("seconds"),
        target_tokens=int(sum(tokens)) if tokens else None,
    )
