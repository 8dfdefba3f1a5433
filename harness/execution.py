"""Has runs carried out, as many at once as the executor can hold; one that fails stops no other."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.blaming import answering, refuse
from harness.components import Executor
from harness.contracts import Jobs
from harness.ledger import Ledger
from harness.planning import PlannedRun

_PATIENCE = 0.1  # seconds between two looks at the processes


class Ended(NamedTuple):
    """A run whose process is gone; `reason` is None when it left its outcome."""

    digest: str
    reason: str | None


def execute(
    runs: Sequence[PlannedRun], *, executor: Executor, jobs: int, ledger: Ledger
) -> Generator[tuple[Ended, ...], None, None]:
    """Carry out what does not exist yet; yields at every look, with the runs that ended since.

    Variants that differ only in decoding are one run. Leaving the loop early cancels the rest.
    Raises `ComponentError` where the executor is at fault.
    """
    held = _Held(executor, jobs=jobs)
    asked: dict[str, list[PlannedRun]] = {}
    for run in runs:
        if not run.exists:
            asked.setdefault(run.digest, []).append(run)
    waiting = [_ask(same, ledger=ledger) for same in asked.values()]
    under_way: set[Path] = set()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < held.capacity():
                under_way.add(path := waiting.pop(0))
                held.submit(path)
            ended = tuple(
                _ended(asked[path.name], fault=fault, ledger=ledger)
                for path, fault in held.ended(under_way)
            )
            under_way -= {ledger.run(each.digest) for each in ended}
            yield ended
            if not ended:
                time.sleep(_PATIENCE)
    finally:
        if under_way:
            held.cancel()


class _Held:
    """An executor's jobs, each answer looked at."""

    def __init__(self, executor: Executor, *, jobs: int) -> None:
        self._of = executor
        with answering(executor):
            built: Any = executor.build(jobs=jobs)
        if not isinstance(built, Jobs):
            refuse(f"must build Jobs, got {built!r:.40}", of=executor)
        self._jobs = built

    def capacity(self) -> int:
        with answering(self._of):
            capacity: Any = self._jobs.capacity
        if not isinstance(capacity, int) or capacity < 1:
            refuse(f"capacity must be at least 1, got {capacity!r:.40}", of=self._of)
        return capacity

    def submit(self, path: Path) -> None:
        with answering(self._of):
            self._jobs.submit(path)

    def ended(self, under_way: Collection[Path]) -> list[tuple[Path, str | None]]:
        """The runs whose process is gone, each with its fault."""
        with answering(self._of):
            found: list[Any] = list(self._jobs.poll())
            for each in found:
                if not isinstance(each, tuple) or each[0] not in under_way:
                    refuse(f"poll() must give runs under way, got {each!r:.60}", of=self._of)
            return [(path, _fault(status, log=self._jobs.logs(path))) for path, status in found]

    def cancel(self) -> None:
        with answering(self._of):
            self._jobs.cancel()


def _ask(same: Sequence[PlannedRun], *, ledger: Ledger) -> Path:
    """Enter one run, with every decoding that is wanted of it."""
    files = {digest: file for run in same for digest, file in run.files.items()}
    return ledger.ask(
        same[0].digest,
        identity=same[0].identity,
        decodings={run.evaluation: run.decoding for run in same},
        where={"files": files, "plugins": list(same[0].plugins)},
    )


def _ended(same: Sequence[PlannedRun], *, fault: str | None, ledger: Ledger) -> Ended:
    digest = same[0].digest
    outcome = ledger.outcome(digest) or {}
    if fault is None and outcome.get("status") != "diverged":
        decoded = all(ledger.evaluated(digest, evaluation=each.evaluation) for each in same)
        fault = None if decoded else "the process ended well but left no outcome"
    if fault and outcome.get("status") not in ("finished", "diverged"):
        ledger.fail(digest, reason=fault)
    return Ended(digest, fault)


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
