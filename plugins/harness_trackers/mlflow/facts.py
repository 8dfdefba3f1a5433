"""What a run has to show at the moment, cheap enough to ask every few seconds."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from harness.contracts import LedgerView, Measurement, RunView, StudyView, TrainingOutcome

State = Literal["running", "finished", "diverged", "failed", "interrupted"]

STATUS: Mapping[str, str] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "diverged": "FINISHED",  # an outcome, and compared
    "failed": "FAILED",
    "interrupted": "KILLED",
}

_POINTS = 200  # of what is measured at every update


class Point(NamedTuple):
    """One number of a curve."""

    key: str
    step: int
    value: float


class RunFacts(NamedTuple):
    """A run that has begun, and what there is of it so far."""

    run: RunView
    key: str
    state: State
    updates: int
    scores: Mapping[str, float]
    outcome: TrainingOutcome | None

    @property
    def budget(self) -> int:
        """The updates that the run is to make."""
        updates: int = self.run.experiment["budget"]["updates"]
        return updates

    @property
    def print(self) -> str:
        """Changes with anything that there is to copy."""
        return stamp(
            [self.key, self.state, self.updates, dict(self.scores), dict(self.run.options)]
        )


def stamp(value: object) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def begun(study: StudyView, *, ledger: LedgerView) -> list[RunFacts]:
    """The facts of every run that has begun."""
    found = ((run, _state(run, ledger=ledger)) for run in study.runs)
    return [_facts(run, state=state, ledger=ledger) for run, state in found if state]


def points(measurements: Iterable[Measurement], *, after: int, updates: int) -> Iterator[Point]:
    """The points of a run's curves past an update; what comes at every update is thinned.

    Which updates are kept depends on the budget alone, so that a curve copied in pieces is the
    curve copied at once.
    """
    stride = math.ceil(updates / _POINTS)
    for each in measurements:
        kept = each.split != "train" or each.update % stride == 0 or each.update in {1, updates}
        if each.update > after and kept and math.isfinite(each.value):
            yield Point(f"{each.split}/{each.metric}", each.update, each.value)


def key(run: RunView) -> str:
    """What tells a run from every other run of its study, superseded ones too."""
    return stamp([run.variant, run.seed, run.digest, run.evaluation])[:32]


def found(study: StudyView) -> object:
    """Changes with what was found, as far as there is a report."""
    files = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in study.files}
    return [study.summary, dict(study.resolved), files]


def _state(run: RunView, *, ledger: LedgerView) -> State | None:
    """What has become of a run; None for one that has not begun."""
    if ledger.running(run.digest):
        return "running"
    outcome = ledger.outcome(run.digest)
    if outcome is None:
        return "interrupted" if ledger.updates(run.digest) else None
    decoded = ledger.evaluated(run.digest, evaluation=run.evaluation)
    return "interrupted" if outcome.status == "finished" and decoded is None else outcome.status


def _facts(run: RunView, *, state: State, ledger: LedgerView) -> RunFacts:
    evaluated = ledger.evaluated(run.digest, evaluation=run.evaluation)
    scores = {**(evaluated.scores if evaluated else {}), **run.scores}
    return RunFacts(
        run=run,
        key=key(run),
        state=state,
        updates=ledger.updates(run.digest),
        scores={name: value for name, value in scores.items() if value is not None},
        outcome=ledger.outcome(run.digest),
    )
