"""The contract of executors."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from harness.components import Executor
from harness.contracts import Jobs
from harness.testing.claims import Claims, contract

_PATIENCE = 120.0  # seconds; a first process may have to load torch


@contract
def check_executor(component: Executor) -> None:
    """Check a run in a process of its own or in this one: its status and output, not `cancel`.

    The run's folder is empty, so that it ends with an error.
    """
    claims = Claims(component, base=Executor)
    jobs = component.build(jobs=1)
    claims.builds("Jobs", built=jobs, expected=Jobs)
    capacity: Any = jobs.capacity
    enough = isinstance(capacity, int) and capacity >= 1
    claims.that(enough, f"capacity must be at least 1, got {capacity!r}")
    claims.that(not _ended(claims, jobs=jobs), "reports that a run ended, and none was started")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs", "run")  # what an executor keeps beside them is removed, too
        path.mkdir(parents=True)
        _submit(claims, jobs=jobs, path=path)
        ended = _ended(claims, jobs=jobs)
        deadline = time.monotonic() + _PATIENCE
        while not ended:
            claims.that(time.monotonic() < deadline, "does not report that a run ended")
            time.sleep(0.05)
            ended = _ended(claims, jobs=jobs)
        once = [run for run, _ in ended] == [path]
        claims.that(once, f"poll() must give {path!r} once, as it was submitted, got {ended}")
        claims.that(ended[0][1] != 0, "reports status 0 for a run that wrote no outcome")
        logs: Any = jobs.logs(path)
        told = isinstance(logs, str) and "where.json" in logs
        claims.that(told, f"logs must end with the error that ended the run, got {logs!r:.40}")
    claims.that(not _ended(claims, jobs=jobs), "reports twice that one run ended")
    jobs.cancel()


def _submit(claims: Claims, *, jobs: Jobs, path: Path) -> None:
    try:
        jobs.submit(path)
    except Exception as error:  # noqa: BLE001 - a component may raise anything
        fault = f"submit() raised {type(error).__name__}: {error}"
        way_out = "a run that fails is one that poll() reports, with a status other than 0"
        claims.that(False, f"{fault}; {way_out}")  # noqa: FBT003 - the claim


def _ended(claims: Claims, *, jobs: Jobs) -> list[tuple[Path, int]]:
    polled: Any = jobs.poll()
    pairs = list(polled) if hasattr(polled, "__iter__") else None
    right = pairs is not None and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], int) for pair in pairs
    )
    got = f"got {polled if pairs is None else pairs!r:.60}"
    claims.that(right, f"poll() must give pairs of a run's path and its exit status, {got}")
    return pairs or []
