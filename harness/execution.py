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
    asked: dict[str, list[PlannedRun]] = {}
    for run in runs:
        if not run.exists:
            asked.setdefault(run.digest, []).append(run)
    waiting = [_ask(same, ledger=ledger) for same in asked.values()]
    under_way: set[Path] = set()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < jobs.capacity:
                under_way.add(path := waiting.pop(0))
                jobs.submit(path)
            ended = tuple(
                _ended(asked[path.name], fault=_fault(status, log=jobs.logs(path)), ledger=ledger)
                for path, status in jobs.poll()
            )
            under_way -= {ledger.run(each.digest) for each in ended}
            yield ended
            if not ended:
                time.sleep(_PATIENCE)
    finally:
        if under_way:
            jobs.cancel()


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
