"""Two runs that should be the same, compared to the last digit of every number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from harness.contracts import TrainingOutcome
from harness.exchange.reproduce import Reproduced
from harness.runs import records
from harness.runs.ledger import WEIGHTS, Ledger
from harness.runs.records import SentenceSums

# Of the end of a training; the time that it took is another every time.
_ENDS = ("status", "reason", "updates", "parameters", "trained_parameters", "shapes")
_BEGINNINGS = ("initial_weights", "order")
_DIGITS = 12

Values = Sequence[tuple[str, Any]]  # each with its place


@dataclass(frozen=True)
class Part:
    """A part of a run: the number of its values that were compared, and the first difference."""

    name: str
    values: int
    difference: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.difference or f'{self.values} equal'}"


def compare_parts(run: Reproduced) -> Iterator[Part]:
    """Every part of a run that decides or is a result, in the order in which it came to be."""
    then, now = Ledger(run.then.parent), Ledger(run.now.parent)
    before, after = then.outcome(run.then.name), now.outcome(run.now.name)
    assert before
    assert after
    yield _compare("initial weights and batches", **_outcomes(before, now=after, names=_BEGINNINGS))
    rows, again = _measured(then, run=run.then.name), _measured(now, run=run.now.name)
    yield _compare("measurements", then=rows, now=again)
    yield _compare("outcome", **_outcomes(before, now=after, names=_ENDS))
    yield _compare("SHA-256 of the weights", then=_weights(before), now=_weights(after))
    for old, new in run.decodings.items():
        yield from _decoding(run, old=old, new=new)


def _measured(ledger: Ledger, *, run: str) -> Values:
    return [
        (f"update {row.update}, {row.split} {row.metric}", row.value)
        for row in ledger.measurements(run)
    ]


def _weights(outcome: TrainingOutcome) -> Values:
    digest = (outcome.files or {}).get(WEIGHTS)
    return [(WEIGHTS, digest)] if digest else []


def _decoding(run: Reproduced, *, old: str, new: str) -> Iterator[Part]:
    then, now = Ledger(run.then.parent), Ledger(run.now.parent)
    name = f"decoding {old[:_DIGITS]}"
    before = then.evaluated(run.then.name, evaluation=old)
    after = now.evaluated(run.now.name, evaluation=new)
    assert before
    assert after
    yield _compare(f"{name}, scores", then=[*before.scores.items()], now=[*after.scores.items()])
    texts, again = (
        [(f"sentence {number}", tuple(line)) for number, line in enumerate(lines, start=1)]
        for lines in (
            then.hypotheses(run.then.name, evaluation=old),
            now.hypotheses(run.now.name, evaluation=new),
        )
    )
    yield _compare(f"{name}, translations", then=texts, now=again)
    sums, sums_again = (
        [(f"nats of sentence {number}", nats) for number, nats in enumerate(values, start=1)]
        for values in (_nats(run.then, decoding=old), _nats(run.now, decoding=new))
    )
    yield _compare(f"{name}, scores of sentences", then=sums, now=sums_again)


def _nats(folder: Path, *, decoding: str) -> Sequence[float]:
    path = folder / "evaluations" / decoding / "by_sentence.json"
    record = records.read_valid(path, kind=SentenceSums)
    return record.nats if record else ()


def _outcomes(
    then: TrainingOutcome, *, now: TrainingOutcome, names: Sequence[str]
) -> Mapping[str, Values]:
    """Fields of two outcomes, each with what is in it."""
    return {
        side: [pair for name in names for pair in _spread(name, value=getattr(outcome, name))]
        for side, outcome in (("then", then), ("now", now))
    }


def _spread(name: str, *, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"{name} of {key}", item) for key, item in value.items())
    elif name == "order" and value:
        yield from ((f"{name} of epoch {epoch}", item) for epoch, item in enumerate(value, start=1))
    else:
        yield name, value


def _compare(name: str, *, then: Values, now: Values) -> Part:
    """A part, with the first value that is not the same on both sides."""
    for before, after in zip_longest(then, now):
        if repr(before) != repr(after):  # which has every digit, and makes NaN equal to itself
            return Part(name, len(then), _difference(before, now=after))
    return Part(name, len(then))


def _difference(then: tuple[str, Any] | None, *, now: tuple[str, Any] | None) -> str:
    if then and now and then[0] == now[0]:
        return f"{then[0]}: {then[1]!r}, now {now[1]!r}"
    before, after = (f"{side[0]}: {side[1]!r}" if side else "nothing more" for side in (then, now))
    return f"{before}; now {after}"
