"""A run's current state, scores and curves, cheap enough to read every few seconds."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from harness.contracts import LedgerView, Measurement, RunView, StudyView, TrainingOutcome

State = Literal["running", "finished", "diverged", "failed", "interrupted"]

STATUS: Mapping[str, str] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "diverged": "FINISHED",  # a valid outcome, which the analysis counts
    "failed": "FAILED",
    "interrupted": "KILLED",
}

_MAX_POINTS = 200  # kept of a metric that is measured at every update

# Raised when runs are shown otherwise: parameters of MLflow never change, so they are copied anew.
_LAYOUT = 2


class Point(NamedTuple):
    """One point of a curve."""

    key: str
    step: int
    value: float


class LoggedRun(NamedTuple):
    """A run that has started, as far as the ledger has recorded it."""

    view: RunView
    key: str
    state: State
    updates: int
    scores: Mapping[str, float]
    outcome: TrainingOutcome | None

    @property
    def budget(self) -> int:
        """The number of updates planned for the run."""
        updates: int = self.view.experiment["budget"]["updates"]
        return updates

    @property
    def start(self) -> float | None:
        """The start in seconds since 1970, as it was recorded: a file's time is its last copy's."""
        outcome = self.outcome
        if outcome and outcome.ended is not None and outcome.seconds is not None:
            return outcome.ended - outcome.seconds
        try:
            _, _, since = json.loads((self.view.path / "lock").read_bytes())
            return datetime.fromisoformat(since).timestamp()
        except (OSError, ValueError, TypeError):  # not written yet, or by an earlier version
            return None

    @property
    def fingerprint(self) -> str:
        """A hash that changes when there is anything new to export."""
        return fingerprint(
            [self.key, self.state, self.updates, dict(self.scores), dict(self.view.options)]
        )


def fingerprint(value: object) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def started_runs(study: StudyView, *, ledger: LedgerView) -> list[LoggedRun]:
    """Every run of the study that has started."""
    states = ((run, _state(run, ledger=ledger)) for run in study.runs)
    return [_logged(run, state=state, ledger=ledger) for run, state in states if state]


def curve_points(
    measurements: Iterable[Measurement], *, after: int, updates: int
) -> Iterator[Point]:
    """The points of a run's curves after an update; measurements of every update are thinned out.

    The updates kept depend on the budget alone, so that a curve exported in pieces equals one
    exported at once.
    """
    stride = math.ceil(updates / _MAX_POINTS)
    for row in measurements:
        kept = row.split != "train" or row.update % stride == 0 or row.update in {1, updates}
        if row.update > after and kept and math.isfinite(row.value):
            yield Point(f"{row.split}/{row.metric}", row.update, row.value)


def run_key(run: RunView) -> str:
    """An identifier that differs from every other run of the study, superseded ones included.

    A run that an earlier version copied is superseded too.
    """
    return fingerprint([_LAYOUT, run.variant, run.seed, run.digest, run.evaluation])[:32]


def report_contents(study: StudyView) -> object:
    """A JSON value that changes when the study's report does."""
    files = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in study.files}
    return [_LAYOUT, study.summary, dict(study.resolved), files]


def _state(run: RunView, *, ledger: LedgerView) -> State | None:
    """The state of a run; None if it has not started."""
    if ledger.running(run.digest):
        return "running"
    outcome = ledger.outcome(run.digest)
    if outcome is None:
        return "interrupted" if ledger.updates(run.digest) else None
    decoded = ledger.evaluated(run.digest, evaluation=run.evaluation)
    # Scoring follows training: without scores the run's process stopped in between.
    return "interrupted" if outcome.status == "finished" and decoded is None else outcome.status


def _logged(run: RunView, *, state: State, ledger: LedgerView) -> LoggedRun:
    evaluated = ledger.evaluated(run.digest, evaluation=run.evaluation)
    outcome = ledger.outcome(run.digest)
    usage = outcome.usage if outcome else None
    scores = {**(evaluated.scores if evaluated else {}), **run.scores}
    if evaluated and evaluated.decoding:
        measures = evaluated.decoding.measures()
        scores |= {f"decoding/{name}": value for name, value in measures.items()}
    if usage and usage.flop_utilization is not None:
        scores["training/flop_utilization"] = usage.flop_utilization
    return LoggedRun(
        view=run,
        key=run_key(run),
        state=state,
        updates=ledger.updates(run.digest),
        scores={name: value for name, value in scores.items() if value is not None},
        outcome=outcome,
    )
