"""Execution of planned runs, as many at once as the executor can hold; a failure stops no other.

A run waits for those that it starts from or draws on. If one of them fails or diverges, so does
the run, with that as its reason.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from harness.components import Executor
from harness.contracts import Jobs, Outcome
from harness.notices import notify_user
from harness.registry.attribution import attributed_to, got_instead, refuse
from harness.runs.admission import admitted, processes
from harness.runs.exit_fault import exit_fault
from harness.runs.lease import TAKEN_OVER
from harness.runs.ledger import Ledger
from harness.runs.lock import holder
from harness.runs.planned_run import PlannedRun, RunState
from harness.runs.records import RunLocation
from harness.runs.spending import Spending
from harness.runs.supervision import Pace

_POLL_EVERY = 0.1  # seconds


class Ended(NamedTuple):
    """Planned runs of one digest that have ended; `reason` is None unless they failed."""

    runs: Sequence[PlannedRun]
    reason: str | None

    @property
    def digest(self) -> str:
        """The digest of all of them."""
        return self.runs[0].digest


class Poll(NamedTuple):
    """The runs that ended since the last poll, and the digests of those that are under way."""

    ended: Sequence[Ended]
    running: Sequence[str]


def execute(
    runs: Sequence[PlannedRun],
    *,
    executor: Executor,
    jobs: int,
    ledger: Ledger,
    pace: Pace | None = None,
) -> Generator[Poll, None, None]:
    """Carry out the runs that do not exist yet; yields at every poll what has become of them.

    Variants that differ only in decoding are one run. Leaving the loop early cancels the rest, and
    so does the end of the time that may be spent.
    Raises `ComponentError` for an error of the executor.
    """
    checked = _CheckedJobs(executor, jobs=jobs)
    starts = {run.digest: run.variant for run in runs if run.start}
    queue = _Queue(ledger=ledger, names=starts, pace=pace or Pace())
    for run in runs:
        if not run.exists:
            queue.waiting.setdefault(run.digest, []).append(run)
    for same in _undescribed(runs, ledger=ledger):
        _request(same, ledger=ledger, pace=queue.pace)
    _drop_needless_checkpoints(runs, ledger=ledger)
    try:
        while queue.goes_on:
            ended = list(queue.give_up())
            for digest in queue.begin(capacity=checked.capacity()):
                checked.submit(ledger.run(digest))
            for path, fault in checked.ended([*map(ledger.run, queue.running)]):
                ended += queue.end(path.name, fault=fault)
            yield Poll(ended, [*queue.running])
            # Only without news: an ended run has freed a place, which the next round fills at once.
            if not ended:
                time.sleep(_POLL_EVERY)
    finally:
        # However the loop is left: no run may go on using the machine after its study.
        if queue.running:
            checked.cancel()


class _CheckedJobs:
    """An executor's jobs; every value that they return is checked."""

    def __init__(self, executor: Executor, *, jobs: int) -> None:
        self._executor = executor
        with attributed_to(executor):
            built: Any = executor.build(jobs=jobs)
        if not isinstance(built, Jobs):
            refuse(f"must build Jobs, {got_instead(built, of=Jobs)}", of=executor)
        self._jobs = built

    def capacity(self) -> int:
        with attributed_to(self._executor):
            capacity: Any = self._jobs.capacity
        if not isinstance(capacity, int) or capacity < 1:
            refuse(f"capacity must be at least 1, got {capacity!r:.40}", of=self._executor)
        return capacity

    def submit(self, path: Path) -> None:
        with attributed_to(self._executor):
            self._jobs.submit(path)

    def ended(self, running: Collection[Path]) -> list[tuple[Path, str | None]]:
        """The runs whose processes have ended, each with its fault."""
        with attributed_to(self._executor):
            polled: list[Any] = list(self._jobs.poll())
            for pair in polled:
                if not isinstance(pair, tuple) or pair[0] not in running:
                    fault = f"poll() must return runs under way, got {pair!r:.60}"
                    refuse(fault, of=self._executor)
            return [
                (path, exit_fault(status, log=self._jobs.logs(path))) for path, status in polled
            ]

    def cancel(self) -> None:
        with attributed_to(self._executor):
            self._jobs.cancel()


@dataclass(kw_only=True)
class _Queue:
    """Runs by their digests: those that wait, and those that are running.

    `names` has the starts by their digests. `lost` are decodings of a running run that draw on a
    start without weights.
    """

    ledger: Ledger
    names: dict[str, str]
    pace: Pace
    waiting: dict[str, list[PlannedRun]] = field(default_factory=dict)
    running: dict[str, list[PlannedRun]] = field(default_factory=dict)
    lost: dict[str, list[Ended]] = field(default_factory=dict)

    @property
    def spending(self) -> Spending:
        """What may be spent; without limits if nobody set any."""
        return self.pace.spending or Spending()

    @property
    def goes_on(self) -> bool:
        """True if there are runs to carry out, and time and number allow it."""
        begins = self.waiting and self.spending.may_begin
        return bool(self.running or begins) and not self.spending.time_is_up

    def begin(self, *, capacity: int) -> Iterator[str]:
        """The digests of runs to start now, as many as there is room for and may be spent."""
        ready = self.ready(at_most=capacity - len(self.running))
        waiting = {digest: self.waiting[digest] for digest in ready}
        for digest in admitted(waiting, running=self.running.values(), capacity=capacity):
            if not self.spending.may_begin:
                return
            self.spending.began += 1
            same = self.running[digest] = self.waiting.pop(digest)
            # Not before: written safely, the descriptions of thousands of runs take minutes.
            _request(same, ledger=self.ledger, pace=self.pace)
            if other := holder(self.ledger.run(digest)):
                notify_user(f"{same[0].title}: held by {other}; waits for its end")
            yield digest

    def ready(self, *, at_most: int) -> list[str]:
        """The digests of waiting runs whose starts have all ended, in the order of the plan."""
        ready = (digest for digest, same in self.waiting.items() if self._can_start(same))
        return [*islice(ready, max(0, at_most))]

    def _can_start(self, same: Sequence[PlannedRun]) -> bool:
        needs = (need for run in same for need in (*run.needs, *run.drafts))
        return not any(need in self.waiting or need in self.running for need in needs)

    def give_up(self) -> Iterator[Ended]:
        """Remove the runs that need a start without weights."""
        needy = [digest for digest, same in self.waiting.items() if _needs_others(same)]
        for digest in needy:
            if not self._can_start(self.waiting[digest]):
                continue
            faults = [(run, self._fault(run)) for run in self.waiting[digest]]
            possible = [run for run, fault in faults if not fault]
            lost = [Ended([run], fault) for run, fault in faults if fault]
            if lost and possible:
                # The run trains, and only some of its decodings lack their draft model. Those
                # are reported when it ends, as a digest ends once.
                self.waiting[digest], self.lost[digest] = possible, lost
            elif lost:
                yield self._end_without_start(self.waiting.pop(digest))

    def end(self, digest: str, *, fault: str | None) -> Iterator[Ended]:
        """The runs that ended with a process."""
        same = self.running.pop(digest)
        if fault == TAKEN_OVER:  # its next process waits for the one that has the run
            self.waiting[digest] = same
            return
        yield from _ended(same, fault=fault, ledger=self.ledger)
        yield from self.lost.pop(digest, ())

    def _fault(self, run: PlannedRun) -> str | None:
        """The first start of a run without weights, and its status; None if all are finished."""
        for start in (*run.needs, *run.drafts):
            if (status := self._status(start)) != "finished":
                return f"its start {self.names[start]} {status}"
        return None

    def _end_without_start(self, same: Sequence[PlannedRun]) -> Ended:
        """Give a run the status of the start that it needs: diverged is no failure."""
        run = same[0]
        _request(same, ledger=self.ledger, pace=self.pace)
        reason = str(self._fault(run))
        if any(self._status(start) == "diverged" for start in run.needs):
            self.ledger.end(run.digest, status="diverged", reason=reason)
            return Ended(same, None)
        if self._status(run.digest) != "finished":  # trained, and only its decoding cannot be
            self.ledger.end(run.digest, status="failed", reason=reason)
        return Ended(same, reason)

    def _status(self, digest: str) -> Outcome:
        # A start that ended without outcome has failed, as far as those that need it can tell.
        return self.ledger.status(digest) or "failed"


def _needs_others(same: Sequence[PlannedRun]) -> bool:
    return any(run.needs or run.drafts for run in same)


def _drop_needless_checkpoints(runs: Sequence[PlannedRun], *, ledger: Ledger) -> None:
    for run in runs:
        for path in ledger.needless_checkpoints(run.digest):
            path.unlink(missing_ok=True)


def _undescribed(runs: Sequence[PlannedRun], *, ledger: Ledger) -> Iterator[list[PlannedRun]]:
    """The planned runs of each digest that has ended, and whose description is gone or damaged."""
    ended: dict[str, list[PlannedRun]] = {}
    for run in runs:
        if run.exists and run.state is not RunState.NOT_NEEDED:
            ended.setdefault(run.digest, []).append(run)
    for digest, same in ended.items():
        names = [None if run.start else run.evaluation for run in same]
        if not all(ledger.is_described(digest, evaluation=name) for name in names):
            yield [run for run in runs if run.digest == digest]


def _request(same: Sequence[PlannedRun], *, ledger: Ledger, pace: Pace) -> None:
    """Request one run with all decodings that are planned of it."""
    first = same[0]
    ledger.request(
        first.digest,
        identity=first.identity,
        decodings={run.evaluation: run.decoding for run in same if not run.start},
        location=RunLocation(
            files={digest: file for run in same for digest, file in run.files.items()},
            plugins=first.plugins,
            generation=first.decoding.generation,
            checkpoint_minutes=pace.checkpoint_minutes,
            timeout_minutes=pace.timeout_minutes,
            ranks=processes(same),
        ),
    )


def _ended(same: Sequence[PlannedRun], *, fault: str | None, ledger: Ledger) -> Iterator[Ended]:
    """Runs whose process has ended: results decide, and a run without them has the fault.

    The process may have failed in a decoding that another study requested.
    """
    digest = same[0].digest
    fault = fault or "the process exited with status 0 but wrote no outcome"
    if ledger.status(digest) not in ("finished", "diverged"):
        ledger.end(digest, status="failed", reason=fault)
    complete = [run for run in same if _complete(run, ledger=ledger)]
    lacking = [run for run in same if run not in complete]
    if complete:
        yield Ended(complete, None)
    if lacking:
        yield Ended(lacking, fault)


def _complete(run: PlannedRun, *, ledger: Ledger) -> bool:
    if ledger.status(run.digest) == "diverged":
        return True
    if run.start:
        return ledger.weights(run.digest) is not None
    return ledger.evaluated(run.digest, evaluation=run.evaluation) is not None
