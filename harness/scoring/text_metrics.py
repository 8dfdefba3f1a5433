"""Text metrics of stored hypotheses, by the coordinator: a new metric trains nothing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.analysis import RunResult
from harness.components import Metric
from harness.components.cost_metric import CostMetric
from harness.components.metric import StudyMetric
from harness.contracts import OF_RAW_TEXT, Course, Evaluation, Outcome, Score
from harness.errors import ComponentError
from harness.registry.attribution import attributed_to, component_fault, refuse
from harness.runs import records
from harness.runs.ledger import Hypothesis, Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.sentence_influence import columns, metric_key, over_sentences
from harness.scoring.training_cost import cost_signature, costs_to_targets, training_course


class ScoredRun(NamedTuple):
    """One run's result, the signatures of its text metrics, and the faults of those that failed.

    A metric that failed gives no score, is computed again the next time, and affects no other.
    """

    result: RunResult
    signatures: Mapping[str, str] = MappingProxyType({})
    faults: Sequence[ComponentError] = ()


def score(run: PlannedRun, *, metrics: Sequence[StudyMetric], ledger: Ledger) -> ScoredRun | None:
    """The core's scores and a study's metrics of one run; those of text are computed once.

    None for a run that has not ended.
    """
    evaluated = ledger.evaluated(run.digest, evaluation=run.evaluation)
    if evaluated is None:
        status = ledger.status(run.digest)
        if status is None:
            return None
        # One that is trained and not decoded has failed too: it has no score to compare.
        outcome: Outcome = "diverged" if status == "diverged" else "failed"
        return ScoredRun(RunResult(variant=run.variant, seed=run.seed, outcome=outcome))
    folder = ledger.evaluation(run.digest, evaluation=run.evaluation)
    hypotheses = ledger.hypotheses(run.digest, evaluation=run.evaluation)
    of_text = [metric for metric in metrics if isinstance(metric, Metric)]
    of_cost = [metric for metric in metrics if isinstance(metric, CostMetric)]
    text, faults = _text_scores(hypotheses, metrics=of_text, folder=folder)
    course = _course(run.digest, ledger=ledger)
    scores = {
        **evaluated.scores,
        **{name: score.value for name, score in text.items()},
        **costs_to_targets(course, metrics=of_cost),
    }
    sentences, more = over_sentences(
        hypotheses, metrics=of_text, folder=folder, scores=scores, documents=run.documents
    )
    result = RunResult(
        variant=run.variant,
        seed=run.seed,
        outcome="finished",
        scores={name: value for name, value in scores.items() if value is not None},
        training=run.digest,
        tokens=evaluated.tokens,
        references=evaluated.references,
        unscored=_unscored(evaluated),
        output_digest=hashlib.sha256((folder / "hypotheses.jsonl").read_bytes()).hexdigest(),
        sentences=sentences,
        course=course,
    )
    signatures = {name: score.signature for name, score in text.items()}
    signatures |= {metric.name: cost_signature(metric) for metric in of_cost}
    return ScoredRun(result, signatures, [*faults, *more])


def _unscored(evaluated: Evaluation) -> dict[str, str]:
    """The reason, by metric, why a decoding has no score of the raw text; empty if it has."""
    if not evaluated.altered:
        return {}
    count = f"{evaluated.altered} of {evaluated.sentences} references"
    return dict.fromkeys(OF_RAW_TEXT, f"its tokenizer does not give back {count} exactly")


def _course(digest: str, *, ledger: Ledger) -> Course:
    outcome = ledger.outcome(digest)
    pace = outcome.seconds_per_update if outcome else None
    return training_course(ledger.measurements(digest), seconds_per_update=pace)


def _text_scores(
    hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric], folder: Path
) -> tuple[dict[str, Score], list[ComponentError]]:
    stored = _stored(folder / "scores.json")
    keys = {metric.name: metric_key(metric) for metric in metrics}
    missing = [metric for metric in metrics if keys[metric.name] not in stored]
    faults = []
    for metric in missing:
        try:
            stored[keys[metric.name]] = _computed(hypotheses, metric=metric)
        except Exception as error:  # noqa: BLE001 - one metric must not cost the others
            faults.append(component_fault(error, of=metric))
    if len(faults) < len(missing):  # else the file has nothing new
        records.write_record(folder / "scores.json", record=stored, lasting=False)
    return {name: stored[key] for name, key in keys.items() if key in stored}, faults


def _stored(path: Path) -> dict[str, Score]:
    return records.read_replaceable(path, kind=dict[str, Score], instead="computed again") or {}


def _computed(hypotheses: Sequence[Hypothesis], *, metric: Metric) -> Score:
    """The score by a metric; raises `ComponentError` for one that is not a finite number."""
    with attributed_to(metric):
        score: Any = metric.build()(*columns(hypotheses))
    if not isinstance(score, Score):
        refuse(f"must return a Score, got {type(score).__name__}", of=metric)
    value: Any = score.value
    if not (isinstance(value, float | int) and math.isfinite(value)):
        refuse(f"the score must be a finite number, got {value!r:.40}", of=metric)
    return Score(float(value), str(score.signature))
