"""A process that guards one worker: it passes signals on, and leaves nothing behind.

It runs no component, and so acts in time whatever a component does. POSIX; where there is no Linux,
processes that a worker started are found only as long as they stay in its process group.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from harness.runs.spending import Spending

GRACE = 3.5  # seconds to finish an update and write a checkpoint, of the 5 that stopping may take
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_POLL_EVERY = 0.2  # seconds
_LINGER = 1.0  # seconds to wait for killed processes, which a broken disk can hold
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h

SignOfLife = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The minutes between checkpoints, those without a sign of life that end a run, and limits."""

    checkpoint_minutes: float = 10.0
    timeout_minutes: float | None = None
    spending: Spending | None = None

    @property
    def limit_reached(self) -> str:
        """The limit that is reached, as the option that set it; empty if none is."""
        return self.spending.reason if self.spending else ""


def guard(*, alive: SignOfLife | None = None, timeout: float | None = None) -> None:
    """Split this process in two, and return in the one that is to work.

    The other guards it until it ends, then ends with the same status. The first signal in
    `STOPPING`, or the death of the coordinator, asks the worker to end within `GRACE`; the second
    ends it at once. With a `timeout` in seconds the worker is ended when `alive` has returned the
    same for that long. Processes that it started end with it.
    """
    coordinator = multiprocessing.parent_process()
    lives = coordinator.is_alive if coordinator else partial(_has_parent, os.getppid())
    # Away from the terminal: its Ctrl-C reaches the coordinator alone, which ends runs in order.
    with suppress(PermissionError):  # a leader of its session already: the terminal is another's
        os.setsid()
    _prctl(_PR_SET_CHILD_SUBREAPER, value=1)
    guarded = STOPPING | {signal.SIGCHLD}
    # Blocked before the fork: a signal that comes in between then waits for `sigtimedwait`.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, guarded)
    guardian, worker = os.getpid(), os.fork()
    if worker:
        _Guardian(worker, lives, alive, timeout).watch()
    # A group of its own, which the guard can kill as a whole.
    os.setsid()
    end_with_parent()
    if os.getppid() != guardian:  # it died before the line above
        os._exit(1)
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, before - STOPPING)


def signs_of_life(path: Path) -> list[tuple[str, int]]:
    """The run's files with their times: each update writes one, each score, each line of output."""
    signs = []
    for file in path.rglob("*"):
        if "lease." in file.name:  # which beats whatever the run does
            continue
        with suppress(FileNotFoundError):  # a temporary one
            signs.append((file.name, file.stat().st_mtime_ns))
    return sorted(signs)


@dataclass
class _Guardian:
    worker: int
    coordinator_lives: Callable[[], bool]
    alive: SignOfLife | None
    timeout: float | None

    def watch(self) -> NoReturn:
        """Wait for the worker's end; asks for it where there is a reason."""
        asked, deadline = 0, float("inf")
        sign, since = self.alive and self.alive(), time.monotonic()
        while (status := self._reap()) is None:
            # Returns at once when the worker ends; otherwise it is time to look at the clock.
            caught = signal.sigtimedwait(STOPPING | {signal.SIGCHLD}, _POLL_EVERY)
            asked += caught is not None and caught.si_signo in STOPPING
            if not asked and not self.coordinator_lives():
                asked = 1
            if asked and deadline == float("inf"):
                deadline = time.monotonic() + GRACE
                self._send(signal.SIGTERM)
            if asked > 1 or time.monotonic() > deadline:
                self._send(signal.SIGKILL)
            if self.alive and self.timeout is not None:
                if (latest := self.alive()) != sign:
                    sign, since = latest, time.monotonic()
                elif time.monotonic() - since > self.timeout and not asked:
                    self._end_silent()
        self._sweep()
        _end_alike(status)

    def _reap(self) -> int | None:
        """The worker's status as of `os.wait`, once it has ended; reaps adopted processes too."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.worker:
                    return ended[1]
        return None

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.worker, number)

    def _end_silent(self) -> NoReturn:
        assert self.timeout is not None
        minutes = f"{self.timeout / 60:.3g} min"
        self._send(signal.SIGKILL)
        self._sweep()
        # Last in the log, and so the reason of the run's failure.
        # Not `print`: `os._exit` flushes no buffer.
        os.write(2, f"\nno sign of life for {minutes}, the --timeout; it was ended\n".encode())
        os._exit(1)

    def _sweep(self) -> None:
        """Kill what the worker started: its group, and whatever was orphaned and adopted here."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.worker, signal.SIGKILL)
        deadline = time.monotonic() + _LINGER
        while time.monotonic() < deadline:
            # Round after round: what the killed ones had started is orphaned, and adopted here,
            # only then.
            for child in _children(os.getpid()):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            try:
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    time.sleep(0.01)
            except ChildProcessError:
                return


def _end_alike(status: int) -> NoReturn:
    """End this process as another ended: with its exit status, or by the same signal."""
    number = -os.waitstatus_to_exitcode(status)
    if number > 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the worker's own is the one to look at
        if number not in (signal.SIGKILL, signal.SIGSTOP):  # these take no handler
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(-number)


def _children(parent: int) -> Iterator[int]:
    """The processes whose parent this is; none where there is no /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended since
            # The name of the program, in parentheses, may have any character in it.
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(folder.name)


def _has_parent(process: int) -> bool:
    """True until the process that started this one has ended."""
    return os.getppid() == process


def end_with_parent() -> None:
    """Have this process killed as soon as the one that started it has ended, on Linux."""
    _prctl(_PR_SET_PDEATHSIG, value=signal.SIGKILL)


def _prctl(option: int, *, value: int) -> None:
    """Set an attribute of this process, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
