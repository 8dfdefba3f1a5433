"""The contract of executors."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from harness.components import Executor
from harness.contracts import Jobs
from harness.testing.claims import Claims

_PATIENCE = 120.0  # seconds; a first process may have to load torch


def check_executor(component: Executor) -> None:
    """Check a run in a process of its own: its exit status and its output.

    The run's folder is empty, so that its process ends with an error.
    """
    claims = Claims(component, base=Executor)
    jobs = component.build(jobs=1)
    claims.that(isinstance(jobs, Jobs), f"must build Jobs, got {type(jobs).__name__}")
    claims.that(jobs.capacity >= 1, f"capacity must be at least 1, got {jobs.capacity}")
    claims.that(list(jobs.poll()) == [], "reports that a run ended, and none was started")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        jobs.submit(path)
        ended = list(jobs.poll())
        deadline = time.monotonic() + _PATIENCE
        while not ended:
            claims.that(time.monotonic() < deadline, "does not report that a run ended")
            time.sleep(0.05)
            ended = list(jobs.poll())
        claims.that([run for run, _ in ended] == [path], f"{ended} is not the run's path")
        claims.that(ended[0][1] != 0, "reports status 0 for a run that wrote no outcome")
        claims.that(
            "where.json" in jobs.logs(path), "logs must end with the error that ended the run"
        )
    claims.that(list(jobs.poll()) == [], "reports twice that one run ended")
    jobs.cancel()
