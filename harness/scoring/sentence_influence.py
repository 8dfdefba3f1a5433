"""How each score of a run hangs on its sentences: computed once by the coordinator, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from harness.analysis import Sentences, resample
from harness.components import Metric
from harness.errors import ComponentError
from harness.files import read_json, write_columns
from harness.registry.attribution import attributed_to, refuse
from harness.registry.serialization import resolved
from harness.runs.identity import digest, source_digest, versions_behind
from harness.runs.ledger import Hypothesis

Rows = Sequence[Sequence[float]]
OfSums = Callable[[Sequence[float]], float]

# The core's scores from the sums of nats, of tokens found right, and of tokens.
_CORE: Mapping[str, OfSums] = {
    "nll": lambda sums: sums[0] / sums[2],
    "perplexity": lambda sums: math.exp(sums[0] / sums[2]),
    "token_accuracy": lambda sums: sums[1] / sums[2],
}


class _Source(NamedTuple):
    """Where the statistics of a score come from; without a metric they are the core's own."""

    name: str
    key: str
    parts: Callable[[], tuple[Rows, OfSums] | None]
    metric: Metric | None = None


def over_sentences(
    hypotheses: Sequence[Hypothesis],
    *,
    metrics: Sequence[Metric],
    folder: Path,
    scores: Mapping[str, float | None],
) -> tuple[dict[str, Sentences], list[ComponentError]]:
    """Of every score that is made of sums over sentences, what each sentence has to do with it.

    A metric whose statistics do not make its score is at fault, and has none.
    """
    path = folder / "sentences.json"
    kept: dict[str, Any] = read_json(path) or {}
    known = len(kept)
    faults: list[ComponentError] = []
    names = {}
    for source in (*_core(folder), *_text(hypotheses, metrics=metrics)):
        value = scores.get(source.name)
        if value is None:
            continue
        names[source.name] = source.key
        try:
            kept[source.key] = kept.get(source.key) or _computed(source, value=value)
        except ComponentError as error:
            faults.append(error)
    if len(kept) > known:
        write_columns(path, columns=kept)
    entries = {name: kept[key] for name, key in names.items() if "influence" in kept.get(key, {})}
    found = {
        name: Sentences(entry["influence"], entry["resampled"]) for name, entry in entries.items()
    }
    return found, faults


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
        yield _Source(name, _key(name), partial(_given, rows, score=score))


def _given(rows: Rows, *, score: OfSums) -> tuple[Rows, OfSums]:
    return rows, score


def _text(hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric]) -> Iterator[_Source]:
    for metric in metrics:
        parts = partial(_parts, metric, hypotheses=hypotheses)
        yield _Source(metric.name, _key(metric_key(metric)), parts, metric)


def _parts(metric: Metric, *, hypotheses: Sequence[Hypothesis]) -> tuple[Rows, OfSums] | None:
    parts = metric.by_sentence()
    return (parts.statistics(*columns(hypotheses)), parts.score) if parts else None


def _key(of: str) -> str:
    return digest({"of": of, "code": source_digest("harness.analysis.resampling")})[:16]


def _computed(source: _Source, *, value: float) -> dict[str, Any]:
    """The entry of one score; raises `ComponentError` where a metric's parts do not make it."""
    with attributed_to(source.metric) if source.metric else nullcontext():
        parts = source.parts()
        if parts is None:
            return {}
        rows, score = [list(row) for row in parts[0]], parts[1]
        again = score([sum(column) for column in zip(*rows, strict=True)])
        computed = resample(rows, score=score)
    if source.metric and not math.isclose(again, value, rel_tol=1e-6, abs_tol=1e-9):
        fault = f"its statistics by sentence make a score of {again:g}, where it is {value:g}"
        refuse(fault, of=source.metric)
    entry = computed._asdict() if computed else {}
    return {"statistics": rows, **entry} if source.metric else entry
