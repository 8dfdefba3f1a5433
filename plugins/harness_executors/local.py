"""Runs as processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from harness.components import Executor
from harness.contracts import Jobs
from harness.errors import HarnessError

_LOG = "log.txt"


@dataclass(frozen=True, kw_only=True)
class Local(Executor):
    """One process a run, forked from a server that has torch loaded already."""

    name = "local"

    def build(self, *, jobs: int) -> Jobs:
        """Up to `jobs` processes at once, each with the threads that its budget names."""
        return LocalJobs(jobs)


@dataclass
class LocalJobs:
    """The processes under way; POSIX only."""

    capacity: int
    _processes: dict[Path, ForkServerProcess] = field(default_factory=dict)

    def submit(self, path: Path) -> None:
        """Fork one process for the run in this folder."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["harness.runs.worker"])
        process = context.Process(target=_carry_out, args=(path,), daemon=True)
        process.start()
        self._processes[path] = process

    def poll(self) -> Iterator[tuple[Path, int]]:
        """The runs whose process is gone, with its exit status (negative: a signal)."""
        for path, process in list(self._processes.items()):
            if not process.is_alive():
                process.join()
                del self._processes[path]
                yield path, process.exitcode or 0

    def cancel(self) -> None:
        """End every process; what it wrote stays, and the next run goes on from there."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.join()
        self._processes.clear()

    def logs(self, path: Path) -> str:
        """What the process printed, its traceback last."""
        log = path / _LOG
        return log.read_text(errors="replace") if log.exists() else ""


def _carry_out(path: Path) -> None:
    """The process: all it prints goes to the run's log."""
    from harness.runs.worker import perform  # the coordinator must not load torch

    # Appended, since a run that was left behind may still be writing.
    log = os.open(path / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        perform(path)
    except HarnessError as error:
        if error.__cause__:  # a plugin's fault, whose author wants to see where
            traceback.print_exc()
        sys.exit("; ".join(str(error).splitlines()))
