"""Text metrics from stored hypotheses, by the coordinator: adding a metric trains nothing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.analysis import RunResult
from harness.components import Metric
from harness.contracts import Outcome, Score
from harness.ledger import Hypothesis, Ledger, read_json, write_json
from harness.planning import PlannedRun
from harness.sentences import columns, metric_key, over_sentences


class ScoredRun(NamedTuple):
    """What one run came to, and the signature of every text metric that judged it."""

    result: RunResult
    signatures: Mapping[str, str]


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
        return ScoredRun(RunResult(variant=run.variant, seed=run.seed, outcome=outcome), {})
    folder = ledger.evaluation(run.digest, evaluation=run.evaluation)
    hypotheses = ledger.hypotheses(run.digest, evaluation=run.evaluation)
    text = _text_scores(hypotheses, metrics=metrics, folder=folder)
    scores = {**evaluated["scores"], **{name: each.value for name, each in text.items()}}
    result = RunResult(
        variant=run.variant,
        seed=run.seed,
        outcome="finished",
        scores={name: value for name, value in scores.items() if value is not None},
        tokens=evaluated["tokens"],
        references=evaluated["references"],
        written=hashlib.sha256((folder / "hypotheses.jsonl").read_bytes()).hexdigest(),
        sentences=over_sentences(hypotheses, metrics=metrics, folder=folder, scores=scores),
    )
    return ScoredRun(result, {name: each.signature for name, each in text.items()})


def _text_scores(
    hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric], folder: Path
) -> dict[str, Score]:
    kept: dict[str, Any] = read_json(folder / "scores.json") or {}
    keys = {metric.name: metric_key(metric) for metric in metrics}
    missing = [metric for metric in metrics if keys[metric.name] not in kept]
    for metric in missing:
        judge = metric.build()
        given = judge(*columns(hypotheses))
        value = given.value if math.isfinite(given.value) else None
        kept[keys[metric.name]] = [value, given.signature]
    if missing:
        write_json(folder / "scores.json", value=kept)
    return {name: Score(*kept[key]) for name, key in keys.items()}
