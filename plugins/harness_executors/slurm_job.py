"""One run as Slurm carries it out: on whatever machine, and again after an interruption."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_PATIENCE = 10.0  # seconds; the guard of a run needs less than five
_POLL_EVERY = 0.2  # seconds


@dataclass
class CarryOut:
    """The process of the run in a folder, ended with a checkpoint when Slurm takes the machine."""

    path: str
    _stopped: bool = False
    _process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Start the process, and return its exit status once it ends by itself."""
        # In place of submitit's handler, which lets this signal pass: it comes first of all when a
        # job is cancelled, preempted or queued again, and reaches no process in another session.
        signal.signal(signal.SIGTERM, self._stop)
        command = [sys.executable, "-P", "-m", "harness.runs.worker", self.path]
        self._process = subprocess.Popen(command)  # noqa: S603 - the words are ours
        while self._process.poll() is None and not self._stopped:
            time.sleep(_POLL_EVERY)
        if self._stopped:
            self._end()
            raise SystemExit("stopped by Slurm")  # no result: the run has none yet
        return self._process.returncode

    def checkpoint(self) -> Any:
        """End the process, and return the call that goes on: submitit's protocol at a time-out."""
        from submitit.helpers import DelayedSubmission

        self._end()
        return DelayedSubmission(CarryOut(self.path))

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _end(self) -> None:
        """Ask the process to end with a checkpoint; end it if it takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        self._process.kill()
