"""The lock of a run, with the name of its holder: a process, which loses it however it ends.

On one machine that is a `flock`, which a killed process loses at once. It need not hold across
machines, so that its holder takes a lease as well (`harness.runs.lease`).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from harness.files import abandoned, naming_file, no_link
from harness.runs.lease import Claim, Lease, leased

_LOCK = "lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # of a file system that has none


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
def hold(path: Path) -> Iterator[Claim]:
    """Admit one worker per run: a second one waits, and then finds the outcome written.

    The claim is to be verified before what is written.
    """
    # To append: "w" would erase the name of the holder that this one waits for.
    with open(path / _LOCK, "a+", errors="replace", opener=no_link) as file:
        locked = _lock(file)
        # At once, where there is a lock: whoever looks must not read a name that is past.
        previous = _name_holder(file, path=path) if locked else None
        with leased(path, locked=locked) as claim:
            if not locked:
                previous = _name_holder(file, path=path)
            _remove_unfinished(path, ended=previous)
            yield claim


def _name_holder(file: IO[str], *, path: Path) -> int | None:
    """Write this process into the file of a lock; returns the one that was there."""
    file.seek(0)
    previous = _holder(file.read()).pid
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    with naming_file(path / _LOCK):
        file.truncate(0)
        file.write(json.dumps([os.getpid(), socket.gethostname(), since]))
        file.flush()  # for those who wait; the file stays open as long as the lock is held
    return previous


def _remove_unfinished(path: Path, *, ended: int | None) -> None:
    """Remove the unfinished files of a run; only its holder may, as a writer holds it too."""
    for folder in (path, *path.glob("evaluations/*")):
        # The previous holder's in any case: killed, it loses the lock a moment before it ends.
        for partial in abandoned(folder, ended=ended):
            partial.unlink(missing_ok=True)


def _lock(file: IO[str]) -> bool:
    """Wait for the lock of a file on this machine; False where there are no locks."""
    try:
        # Not `lockf`, whose lock is lost as soon as this process closes the file anywhere else.
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def holder(path: Path) -> Holder | None:
    """The process that holds the run in this folder; None if there is none.

    A process of another machine is believed as long as it has not ended its lease, since only
    whoever waits for the run sees whether its lease is stale.
    """
    try:
        with (path / _LOCK).open(errors="replace") as file:
            try:
                # Shared, so that two observers never take each other for the holder.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(file.read())
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
    except FileNotFoundError:
        return None
    lease = Lease.of(path)
    if lease is None or lease.owner is None or lease.is_free(locked=True):
        return None
    return Holder(lease.owner.pid, lease.owner.host, lease.owner.since)


def _holder(text: str) -> Holder:
    try:
        pid, host, since = json.loads(text)
    except (ValueError, TypeError):  # not written yet, or damaged
        return Holder()
    return Holder(pid, host, since)
