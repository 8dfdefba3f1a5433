"""The influence of each sentence on the scores of a run, computed once by the coordinator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from harness.analysis import Sentences, Statistics, resample
from harness.components import Metric
from harness.errors import ComponentError
from harness.registry.attribution import attributed_to, component_fault, refuse
from harness.registry.serialization import resolved
from harness.runs import records
from harness.runs.identity import digest, source_digest, versions_behind
from harness.runs.ledger import Hypothesis
from harness.runs.records import SentenceInfluence, SentenceSums

OfSums = Callable[[Sequence[float]], float]

# The core's scores from the sums of nats, of correct tokens, of tokens, and of bytes if known.
_CORE: Mapping[str, OfSums] = {
    "nll": lambda sums: sums[0] / sums[2],
    "perplexity": lambda sums: _perplexity(sums[0] / sums[2]),
    "token_accuracy": lambda sums: sums[1] / sums[2],
    "bits_per_byte": lambda sums: _bits_per_byte(sums[0], size=sums[3]),
}


class _Source(NamedTuple):
    """The source of a score's statistics; a score without a metric is the core's."""

    name: str
    key: str
    parts: Callable[[], tuple[Statistics, OfSums] | None]
    metric: Metric | None = None


def over_sentences(
    hypotheses: Sequence[Hypothesis],
    *,
    metrics: Sequence[Metric],
    folder: Path,
    scores: Mapping[str, float | None],
    documents: Sequence[str] = (),
) -> tuple[dict[str, Sentences], list[ComponentError]]:
    """The influence of every sentence on each score that is a function of sums over sentences.

    A metric whose statistics do not give its score is at fault, and has none. `documents` has the
    document of each sentence; whole documents are then resampled.
    """
    if len(documents) != len(hypotheses):  # runs of another corpus, which has none or others
        documents = ()
    path = folder / "sentences.json"
    kind = dict[str, SentenceInfluence]
    stored = records.read_replaceable(path, kind=kind, instead="computed again") or {}
    known = len(stored)
    faults: list[ComponentError] = []
    names = {}
    for source in (
        *_core(folder, documents=documents),
        *_text(hypotheses, metrics=metrics, documents=documents),
    ):
        value = scores.get(source.name)
        if value is None:
            continue
        key = _with_documents(source.key, documents=documents)
        names[source.name] = key
        try:
            if key not in stored or stored[key].influence is None:
                stored[key] = _computed(source, value=value)
        except Exception as error:  # one score must not cost the others
            if source.metric is None:
                raise
            faults.append(component_fault(error, of=source.metric))
    if len(stored) > known:
        records.write_rows(path, record=stored, lasting=False)
    sentences = {
        name: Sentences(entry.influence, entry.resampled or (), documents)
        for name, key in names.items()
        if (entry := stored.get(key)) and entry.influence is not None
    }
    return sentences, faults


def metric_key(metric: Metric) -> str:
    """The digest of a metric's options, its code and the versions of the libraries it imports."""
    module = type(metric).__module__
    # Another version of a library may score the same text differently.
    code = {"code": source_digest(module), "versions": versions_behind(module)}
    return digest({"metric": resolved(metric), **code})[:16]


def columns(hypotheses: Sequence[Hypothesis]) -> tuple[list[str], list[str]]:
    """The hypotheses and the references, as metrics take them."""
    texts = [sentence.hypothesis for sentence in hypotheses]
    return texts, [sentence.reference for sentence in hypotheses]


def _perplexity(nll: float) -> float:
    """exp(nll), as in the evaluation: infinite where that overflows."""
    return math.exp(nll) if nll < 700 else math.inf  # exp(710) raises


def _bits_per_byte(nats: float, *, size: float) -> float:
    """Infinite for a sample of empty references, so that the score has no interval."""
    return nats / math.log(2) / size if size else math.inf


def _core(folder: Path, *, documents: Sequence[str]) -> Iterator[_Source]:
    """The core's own scores; runs of earlier versions have no file of their summands."""
    sums = records.read(folder / "by_sentence.json", kind=SentenceSums)
    if sums is None:
        return
    sizes = [] if sums.bytes is None else [sums.bytes]
    rows = [*zip(sums.nats, sums.right, sums.tokens, *sizes, strict=True)]
    statistics = Statistics(rows, documents)
    for name, score in _CORE.items():
        # A score without bytes is no score, and its influence is not asked for.
        yield _Source(name, _key(name), partial(_core_parts, statistics, score=score))


def _core_parts(statistics: Statistics, *, score: OfSums) -> tuple[Statistics, OfSums]:
    return statistics, score


def _text(
    hypotheses: Sequence[Hypothesis], *, metrics: Sequence[Metric], documents: Sequence[str]
) -> Iterator[_Source]:
    for metric in metrics:
        parts = partial(_parts, metric, hypotheses=hypotheses, documents=documents)
        yield _Source(metric.name, _key(metric_key(metric)), parts, metric)


def _parts(
    metric: Metric, *, hypotheses: Sequence[Hypothesis], documents: Sequence[str]
) -> tuple[Statistics, OfSums] | None:
    parts = metric.by_sentence()
    if parts is None:
        return None
    rows = _plain(parts.statistics(*columns(hypotheses)))
    return Statistics(rows, documents), parts.score


def _plain(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Numbers that JSON has, of whatever kind a metric's are."""
    import numpy as np

    plain: list[list[float]] = np.asarray(rows).tolist()
    return plain


def _key(of: str) -> str:
    return digest({"of": of, "code": source_digest("harness.analysis.resampling")})[:16]


def _with_documents(key: str, *, documents: Sequence[str]) -> str:
    """The key of a score that is resampled by these documents; without any, by sentences."""
    return digest({"of": key, "documents": [*documents]})[:16] if documents else key


def _computed(source: _Source, *, value: float) -> SentenceInfluence:
    """The record of one score; raises `ComponentError` if a metric's statistics do not give it."""
    with attributed_to(source.metric) if source.metric else nullcontext():
        parts = source.parts()
        if parts is None:
            return SentenceInfluence()
        summed, score = parts
        again = score([sum(column) for column in zip(*summed.rows, strict=True)])
        computed = resample(summed, score=score)
    # Sums are rounded in another order than the score; statistics that are wrong are off by more.
    if source.metric and not math.isclose(again, value, rel_tol=1e-6, abs_tol=1e-9):
        fault = f"its statistics by sentence give a score of {again:g}, but its score is {value:g}"
        refuse(fault, of=source.metric)
    statistics = summed.rows if source.metric else None  # the core's are in by_sentence.json
    if computed is None:
        return SentenceInfluence(statistics=statistics)
    return SentenceInfluence(
        statistics=statistics,
        influence=tuple(computed.influence),
        resampled=tuple(computed.resampled),
    )
