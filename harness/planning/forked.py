"""Processes from the server that local runs are forked from, each with one request to answer."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path

from harness.runs.supervision import guard

LIMIT = 300.0  # seconds, for the answer
_PATIENCE = 5.0  # seconds, for a process that was asked to end


@dataclass(frozen=True)
class Forked:
    """A process under way, the end of the pipe where its answers arrive, and when they are due."""

    process: ForkServerProcess
    receiver: Connection
    deadline: float

    @property
    def overdue(self) -> bool:
        """True once the time for an answer is over."""
        return time.monotonic() >= self.deadline

    def wait(self) -> None:
        """Wait for the end of a process that has sent all it has to."""
        self.process.join(_PATIENCE)

    def exit_reason(self) -> str:
        """The end of a process that sent no answer, as a phrase."""
        self.process.join(_PATIENCE)
        return f"its process exited with status {self.process.exitcode} and sent no result"

    def terminate(self) -> None:
        """Ask the process to end, without waiting for it."""
        self.process.terminate()

    def end(self) -> None:
        """End the process, and what it started."""
        self.process.terminate()  # twice: at once, since there is nothing to save
        self.process.join(0.3)
        self.process.terminate()
        self.process.join(_PATIENCE)


def start_server() -> None:
    """Start the fork server, which loads torch once for all processes, while this one goes on."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["harness.runs.preload"])
    ensure_running()


def fork(target: Callable[..., None], *, request: object, limit: float) -> Forked:
    """Call `target(sender, request=request)` in a process, whose output is discarded."""
    start_server()
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    work = partial(target, sender, request=request)
    process = context.Process(target=_perform, args=(work,), daemon=True)
    process.start()
    sender.close()  # or the end of the process would not be an end of file here
    return Forked(process, receiver, time.monotonic() + limit)


def _perform(work: Callable[[], None]) -> None:
    guard()
    with Path(os.devnull).open("w") as null:  # a run will print it again
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
    work()
