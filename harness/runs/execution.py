"""Has runs carried out, as many at once as the executor can hold; one that fails stops no other.

A run waits for those that it starts from or draws on. Where one of them comes to nothing, so does
the run, and says why.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness.components import Executor
from harness.contracts import Jobs
from harness.registry.attribution import attributed_to, refuse
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun

_PATIENCE = 0.1  # seconds between two looks at the processes


class Ended(NamedTuple):
    """Planned runs of one digest that are over; `reason` is None where there is an outcome."""

    runs: Sequence[PlannedRun]
    reason: str | None

    @property
    def digest(self) -> str:
        """The digest that they have in common."""
        return self.runs[0].digest


def execute(
    runs: Sequence[PlannedRun], *, executor: Executor, jobs: int, ledger: Ledger
) -> Generator[tuple[Ended, ...], None, None]:
    """Carry out what does not exist yet; yields at every look, with the runs that ended since.

    Variants that differ only in decoding are one run. Leaving the loop early cancels the rest.
    Raises `ComponentError` where the executor is at fault.
    """
    held = _Held(executor, jobs=jobs)
    queue = _Queue(ledger=ledger, names={run.digest: run.variant for run in runs if run.start})
    for run in runs:
        if not run.exists:
            queue.waiting.setdefault(run.digest, []).append(run)
    for same in queue.waiting.values():
        _ask(same, ledger=ledger)
    try:
        while queue.waiting or queue.under_way:
            given_up = list(queue.give_up())
            for digest in queue.ready()[: max(0, held.capacity() - len(queue.under_way))]:
                queue.under_way[digest] = queue.waiting.pop(digest)
                held.submit(ledger.run(digest))
            ended = [
                each
                for path, fault in held.ended([*map(ledger.run, queue.under_way)])
                for each in queue.end(path.name, fault=fault)
            ]
            yield (*given_up, *ended)
            if not (given_up or ended):
                time.sleep(_PATIENCE)
    finally:
        if queue.under_way:
            held.cancel()


class _Held:
    """An executor's jobs, each answer looked at."""

    def __init__(self, executor: Executor, *, jobs: int) -> None:
        self._of = executor
        with attributed_to(executor):
            built: Any = executor.build(jobs=jobs)
        if not isinstance(built, Jobs):
            refuse(f"must build Jobs, got {built!r:.40}", of=executor)
        self._jobs = built

    def capacity(self) -> int:
        with attributed_to(self._of):
            capacity: Any = self._jobs.capacity
        if not isinstance(capacity, int) or capacity < 1:
            refuse(f"capacity must be at least 1, got {capacity!r:.40}", of=self._of)
        return capacity

    def submit(self, path: Path) -> None:
        with attributed_to(self._of):
            self._jobs.submit(path)

    def ended(self, under_way: Collection[Path]) -> list[tuple[Path, str | None]]:
        """The runs whose process is gone, each with its fault."""
        with attributed_to(self._of):
            found: list[Any] = list(self._jobs.poll())
            for each in found:
                if not isinstance(each, tuple) or each[0] not in under_way:
                    refuse(f"poll() must give runs under way, got {each!r:.60}", of=self._of)
            return [(path, _fault(status, log=self._jobs.logs(path))) for path, status in found]

    def cancel(self) -> None:
        with attributed_to(self._of):
            self._jobs.cancel()


@dataclass(kw_only=True)
class _Queue:
    """Runs by their digest: those that wait, and those that are under way.

    `names` has the starts by their digests. `lost` are decodings of a run under way that draw on a
    start which came to nothing.
    """

    ledger: Ledger
    names: dict[str, str]
    waiting: dict[str, list[PlannedRun]] = field(default_factory=dict)
    under_way: dict[str, list[PlannedRun]] = field(default_factory=dict)
    lost: dict[str, list[Ended]] = field(default_factory=dict)

    def ready(self) -> list[str]:
        """What waits for nothing any more, in the order of the plan."""
        going_on = self.waiting.keys() | self.under_way.keys()
        return [
            digest
            for digest, same in self.waiting.items()
            if not any(going_on & {*run.needs, *run.drafts} for run in same)
        ]

    def give_up(self) -> Iterator[Ended]:
        """Take out what needs a start that came to nothing."""
        for digest in self.ready():
            faults = [(run, self._fault(run)) for run in self.waiting[digest]]
            alive = [run for run, fault in faults if not fault]
            dead = [Ended([run], fault) for run, fault in faults if fault]
            if dead and alive:
                self.waiting[digest], self.lost[digest] = alive, dead
                _ask(alive, ledger=self.ledger)
            elif dead:
                yield self._dead(self.waiting.pop(digest))

    def end(self, digest: str, *, fault: str | None) -> Iterator[Ended]:
        """A process is gone: what is over with it."""
        yield _ended(self.under_way.pop(digest), fault=fault, ledger=self.ledger)
        yield from self.lost.pop(digest, ())

    def _fault(self, run: PlannedRun) -> str | None:
        """Which start of a run came to nothing, and how; None if all that it needs is there."""
        for each in (*run.needs, *run.drafts):
            if (status := self._status(each)) != "finished":
                return f"its start {self.names[each]} {status}"
        return None

    def _dead(self, same: Sequence[PlannedRun]) -> Ended:
        """What cannot be trained has ended as its start did, which is no failure if it diverged."""
        run = same[0]
        reason = str(self._fault(run))
        if any(self._status(each) == "diverged" for each in run.needs):
            self.ledger.end(run.digest, status="diverged", reason=reason)
            return Ended(same, None)
        if self._status(run.digest) != "finished":  # trained, and only its decoding cannot be
            self.ledger.end(run.digest, status="failed", reason=reason)
        return Ended(same, reason)

    def _status(self, digest: str) -> str:
        outcome = self.ledger.outcome(digest)
        return str(outcome["status"]) if outcome else "failed"


def _ask(same: Sequence[PlannedRun], *, ledger: Ledger) -> None:
    """Enter one run, with every decoding that is wanted of it."""
    files = {digest: file for run in same for digest, file in run.files.items()}
    ledger.ask(
        same[0].digest,
        identity=same[0].identity,
        decodings={run.evaluation: run.decoding for run in same if not run.start},
        where={
            "files": files,
            "plugins": list(same[0].plugins),
            "generation": same[0].decoding["generation"],
        },
    )


def _ended(same: Sequence[PlannedRun], *, fault: str | None, ledger: Ledger) -> Ended:
    digest = same[0].digest
    outcome = ledger.outcome(digest) or {}
    if fault is None and outcome.get("status") != "diverged":
        done = all(
            ledger.weights(digest)
            if run.start
            else ledger.evaluated(digest, evaluation=run.evaluation)
            for run in same
        )
        fault = None if done else "the process ended well but left no outcome"
    if fault and outcome.get("status") not in ("finished", "diverged"):
        ledger.end(digest, status="failed", reason=fault)
    return Ended(same, fault)


def _fault(status: int, *, log: str) -> str | None:
    """Why a process failed, in one line: the signal, or the last line that it printed."""
    if status == 0:
        return None
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"killed by {name}{hint}"
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit status {status}, nothing printed"
