"""Has runs carried out, as many at once as the executor can hold; one that fails stops no other."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.contracts import Jobs
from harness.ledger import Ledger
from harness.planning import PlannedRun

_PATIENCE = 0.1  # seconds between two looks at the processes


class Ended(NamedTuple):
    """A run whose process is gone; `reason` is None when it left its outcome."""

    digest: str
    reason: str | None


def execute(
    runs: Sequence[PlannedRun], *, jobs: Jobs, ledger: Ledger
) -> Generator[tuple[Ended, ...], None, None]:
    """Carry out what does not exist yet; yields at every look, with the runs that ended since.

    Variants that differ only in decoding are one run. Leaving the loop early cancels the rest.
    """
    waiting = list(dict.fromkeys(_enter(run, ledger=ledger) for run in runs if not run.exists))
    under_way: set[Path] = set()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < jobs.capacity:
                under_way.add(path := waiting.pop(0))
                jobs.submit(path)
            ended = tuple(
                _ended(path, status=status, jobs=jobs, ledger=ledger)
                for path, status in jobs.poll()
            )
            under_way -= {ledger.run(each.digest) for each in ended}
            yield ended
            if not ended:
                time.sleep(_PATIENCE)
    finally:
        if under_way:
            jobs.cancel()


def _enter(run: PlannedRun, *, ledger: Ledger) -> Path:
    return ledger.add(
        run.digest,
        run=run.specification,
        evaluation=run.evaluation,
        decoding=run.decoding,
    )


def _ended(path: Path, *, status: int, jobs: Jobs, ledger: Ledger) -> Ended:
    digest = path.name
    if status == 0:
        return Ended(digest, None)
    reason = _reason(status, log=jobs.logs(path))
    if ledger.outcome(digest) is None:
        ledger.fail(digest, reason=reason)
    return Ended(digest, reason)


def _reason(status: int, *, log: str) -> str:
    """Why a process ended, in one line: the signal, or the last line that it printed."""
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"killed by {name}{hint}"
    lines = [line for line in log.splitlines() if line.strip()]
    said = lines[-1].strip().removeprefix("harness.errors.HarnessError: ") if lines else ""
    return said or f"exit status {status}, nothing printed"
