"""Text metrics from stored hypotheses, by the coordinator: adding a metric trains nothing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.analysis import RunResult
from harness.components import Metric
from harness.contracts import Outcome, Score
from harness.errors import ComponentError
from harness.files import read_json, write_json
from harness.registry.attribution import attributed_to, refuse
from harness.runs.ledger import Hypothesis, Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.sentence_influence import columns, metric_key, over_sentences


class ScoredRun(NamedTuple):
    """What one run came to, the signature of every text metric that judged it, and who could not.

    A metric at fault gives no score, is asked again the next time, and takes nothing from others.
    """

    result: RunResult
    signatures: Mapping[str, str] = MappingProxyType({})
    faults: Sequence[ComponentError] = ()


def score(run: PlannedRun, *, metrics: Sequence[Metric], ledger: Ledger) -> ScoredRun | None:
    """The core's scores and the text metrics of one run, each computed once and kept.

    None for a run that has not been carried out.
    """
    evaluated = ledger.evaluated(run.digest, evaluation=run.evaluation)
    if evaluated is None:
        ended = ledger.outcome(run.digest)
        if ended is None:
            return None
        outcome: Outcome = "diverged" if ended["status"] == "diverged" else "failed"
        return ScoredRun(RunResult(variant=run.variant, seed=run.seed, outcome=outcome))
    folder = ledger.evaluation(run.digest, evaluation=run.evaluation)
    hypotheses = ledger.hypotheses(run.digest, evaluation=run.evaluation)
    text, faults = _text_scores(hypotheses, metrics=metrics, folder=folder)
    scores = {**evaluated["scores"], **{name: each.value for name, each in text.items()}}
    hanging, wrong = over_sentences(hypotheses, metrics=metrics, folder=folder, scores=scores)
    result = RunResult(
        variant=run.variant,
        seed=run.seed,
        outcome="finished",
        scores={name: value for name, value in scores.items() if value is not None},
        tokens=evaluated["tokens"],
        references=evaluated["references"],
        output_digest=hashlib.sha256((folder / "hypotheses.jsonl").read_bytes()).hexdigest(),
        sentences=hanging,
    )
    return ScoredRun(
        result, {name: each.signature for name, each in text.items()}, [*faults, *wrong]
    )


def _text_scores(
    hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric], folder: Path
) -> tuple[dict[str, Score], list[ComponentError]]:
    kept: dict[str, Any] = read_json(folder / "scores.json") or {}
    keys = {metric.name: metric_key(metric) for metric in metrics}
    missing = [metric for metric in metrics if keys[metric.name] not in kept]
    faults = []
    for metric in missing:
        try:
            kept[keys[metric.name]] = _judged(hypotheses, metric=metric)
        except ComponentError as error:
            faults.append(error)
    if len(faults) < len(missing):
        write_json(folder / "scores.json", value=kept)
    return {name: Score(*kept[key]) for name, key in keys.items() if key in kept}, faults


def _judged(hypotheses: Sequence[Hypothesis], *, metric: Metric) -> Score:
    """A metric's answer; raises `ComponentError` for one that is no number."""
    with attributed_to(metric):
        given: Any = metric.build()(*columns(hypotheses))
    if not isinstance(given, Score):
        refuse(f"must return a Score, got {given!r:.40}", of=metric)
    value: Any = given.value
    if not (isinstance(value, float | int) and math.isfinite(value)):
        refuse(f"the score must be a finite number, got {value!r:.40}", of=metric)
    return Score(float(value), str(given.signature))
