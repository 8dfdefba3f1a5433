"""The lock of a run, with the name of its holder: a process, which loses it however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.files import abandoned, naming_file, no_link

_LOCK = "lock"


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock; its fields are empty if it has not written them yet."""

    pid: int | None = None
    host: str = ""
    since: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return "another process"
        return f"process {self.pid} on {self.host}, since {self.since}"


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Admit one worker per run: a second one waits, and then finds the outcome written."""
    # To append: "w" would erase the name of the holder that this one waits for.
    with open(path / _LOCK, "a+", errors="replace", opener=no_link) as file:
        # Not `lockf`, whose lock is lost as soon as this process closes the file anywhere else.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        previous = _holder(file.read()).pid
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with naming_file(path / _LOCK):
            file.truncate(0)
            file.write(json.dumps([os.getpid(), socket.gethostname(), since]))
            file.flush()  # for those who wait; the file stays open as long as the lock is held
        # Only the holder may: a writer that is still at work has the lock itself.
        for folder in (path, *path.glob("evaluations/*")):
            # The previous holder's in any case: killed, it loses the lock a moment before it ends.
            for partial in abandoned(folder, ended=previous):
                partial.unlink(missing_ok=True)
        yield


def holder(path: Path) -> Holder | None:
    """The process that holds the lock of the run in this folder; None if there is none."""
    try:
        with (path / _LOCK).open(errors="replace") as file:
            try:
                # Shared, so that two observers never take each other for the holder.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(file.read())
    except FileNotFoundError:
        pass
    return None


def _holder(text: str) -> Holder:
    try:
        pid, host, since = json.loads(text)
    except (ValueError, TypeError):  # not written yet, or damaged
        return Holder()
    return Holder(pid, host, since)
