"""How each score of a run hangs on its sentences: computed once by the coordinator, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from harness.analysis import Sentences, resample
from harness.components import Metric
from harness.contracts import BySentence
from harness.errors import HarnessError
from harness.identity import digest, source_digest, versions_behind
from harness.ledger import Hypothesis, read_json, write_columns
from harness.resolving import resolved

Rows = Sequence[Sequence[float]]

# The core's scores from the sums of nats, of tokens found right, and of tokens.
_CORE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "nll": lambda sums: sums[0] / sums[2],
    "perplexity": lambda sums: math.exp(sums[0] / sums[2]),
    "token_accuracy": lambda sums: sums[1] / sums[2],
}


class _Source(NamedTuple):
    """Where the statistics of a score come from; `keep` them where nobody else does."""

    name: str
    key: str
    rows: Callable[[], Rows]
    score: Callable[[Sequence[float]], float]
    keep: bool


def over_sentences(
    hypotheses: Sequence[Hypothesis],
    *,
    metrics: Sequence[Metric],
    folder: Path,
    scores: Mapping[str, float | None],
) -> dict[str, Sentences]:
    """Of every score that is made of sums over sentences, what each sentence has to do with it.

    Raises `HarnessError` if a metric's statistics do not make its score.
    """
    path = folder / "sentences.json"
    kept: dict[str, Any] = read_json(path) or {}
    known = len(kept)
    found: dict[str, Sentences] = {}
    for source in (*_core(folder), *_text(hypotheses, metrics=metrics)):
        value = scores.get(source.name)
        if value is None:
            continue
        if source.key not in kept:
            kept[source.key] = _computed(source, value=value)
        if "influence" in kept[source.key]:
            entry = kept[source.key]
            found[source.name] = Sentences(entry["influence"], entry["resampled"])
    if len(kept) > known:
        write_columns(path, columns=kept)
    return found


def metric_key(metric: Metric) -> str:
    """What decides a metric's answer to given text: its options, its code and what it imports."""
    module = type(metric).__module__
    said = {"metric": resolved(metric), "code": source_digest(module)}
    return digest({**said, "versions": versions_behind(module)})[:16]


def columns(hypotheses: Sequence[Hypothesis]) -> tuple[list[str], list[str]]:
    """What was written and what was wanted."""
    return [each.hypothesis for each in hypotheses], [each.reference for each in hypotheses]


def _core(folder: Path) -> Iterator[_Source]:
    """The core's own scores; runs that were decoded before there was such a file have none."""
    measured = read_json(folder / "by_sentence.json")
    if measured is None:
        return
    rows: Rows = [*zip(measured["nats"], measured["right"], measured["tokens"], strict=True)]
    for name, score in _CORE.items():
        yield _Source(name, _key(name), lambda: rows, score, keep=False)


def _text(hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric]) -> Iterator[_Source]:
    for metric in metrics:
        parts: BySentence | None = metric.by_sentence()
        if parts:
            rows = partial(parts.statistics, *columns(hypotheses))
            yield _Source(metric.name, _key(metric_key(metric)), rows, parts.score, keep=True)


def _key(of: str) -> str:
    return digest({"of": of, "code": source_digest("harness.analysis.resampling")})[:16]


def _computed(source: _Source, *, value: float) -> dict[str, Any]:
    rows = [list(row) for row in source.rows()]
    again = source.score([sum(column) for column in zip(*rows, strict=True)])
    if not math.isclose(again, value, rel_tol=1e-6, abs_tol=1e-9):
        fault = f"its statistics by sentence make a score of {again:g}, and it says {value:g}"
        raise HarnessError(f"metric {source.name}: {fault}")
    computed = resample(rows, score=source.score)
    entry = computed._asdict() if computed else {}
    return {"statistics": rows, **entry} if source.keep else entry
