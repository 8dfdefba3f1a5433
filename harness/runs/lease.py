"""The lease of a run: who may write in its folder, where machines share it and locks may not hold.

A file ``lease.N`` has its owner and a counter that the owner raises every few seconds. Whoever
takes the run over makes ``lease.N+1`` by a hard link, which only one can, and then removes the file
before it; a lease that ends stays as the number to count on from. Clocks are never compared: a
lease is stale when its counter has stood still for a while by the clock of the one that watches.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path

TAKEN_OVER = "taken over by another process, which goes on with the run"
STALE_AFTER = 60.0  # seconds without a beat
_BEATS = 12  # in that time
_WATCH_EVERY = 1.0  # seconds
_COUNTER = 12  # digits; the length of a lease's file never changes
_ENDED = "-" * _COUNTER


@dataclass(frozen=True)
class Owner:
    """A process on a machine, from a time on; `machine` and `boot` tell machines apart."""

    pid: int
    host: str
    since: str
    machine: str
    boot: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def is_here(self) -> bool:
        """True if this machine, whichever container of it, is or was the owner's."""
        here = _this_process()
        same_kernel = self.boot != "" and self.boot == here.boot
        return same_kernel or (self.host, self.machine) == (here.host, here.machine)


class Lease:
    """The highest lease in a folder as it was read: its owner, and whether it has ended."""

    def __init__(self, path: Path, *, content: bytes) -> None:
        self.number, self.content = int(path.suffix[1:]), content
        self.owner: Owner | None = None
        self.has_ended = False
        with suppress(ValueError, TypeError):  # damaged
            counter, *fields = json.loads(content)
            self.owner, self.has_ended = Owner(*fields), counter == _ENDED

    @classmethod
    def of(cls, folder: Path) -> Lease | None:
        """The lease of a folder; None before the first."""
        while numbers := _numbers(folder):
            path = folder / f"lease.{max(numbers)}"
            with suppress(FileNotFoundError):  # taken over since
                return cls(path, content=path.read_bytes())
        return None

    def is_free(self, *, locked: bool) -> bool:
        """True if nobody has it: with the lock of this machine held, another owner here is dead."""
        return self.has_ended or (locked and self.owner is not None and self.owner.is_here)


class Claim:
    """A lease that this process has taken."""

    def __init__(self, path: Path, *, owner: Owner) -> None:
        self.path, self.owner = path, owner

    def verify(self) -> None:
        """End this process if another one has taken the run over, before it writes anything."""
        successor = self.path.with_name(f"lease.{int(self.path.suffix[1:]) + 1}")
        # The second for a taker that was killed before it removed this one.
        if not _can_be_opened(self.path) or _can_be_opened(successor):
            # No `Exception`, which a component may catch.
            raise SystemExit(TAKEN_OVER)

    def beat(self, count: int) -> None:
        """Raise the counter; raises `OSError` for a lease that another process has taken."""
        self._write(f"{count:0{_COUNTER}}")

    def end(self) -> None:
        """Leave the run to others."""
        with suppress(OSError):
            self._write(_ENDED)

    def _write(self, counter: str) -> None:
        # In place: a file that is replaced would come back after it was removed.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, _content(self.owner, counter=counter), 0)
        finally:
            os.close(descriptor)


@contextmanager
def leased(
    folder: Path, *, locked: bool = True, stale_after: float = STALE_AFTER
) -> Iterator[Claim]:
    """Wait until the run in this folder is nobody's, and own it from then on.

    With `locked` this process holds the folder's lock on this machine: another owner here is dead.
    """
    claim = _waited_for(folder, locked=locked, stale_after=stale_after)
    stop = threading.Event()
    beats = partial(_beat, claim, stopped=partial(stop.wait, stale_after / _BEATS))
    heart = threading.Thread(target=beats, name="lease", daemon=True)
    heart.start()
    try:
        yield claim
    finally:
        stop.set()
        heart.join()
        claim.end()


def take(folder: Path, *, after: Lease | None) -> Claim | None:
    """The claim that follows a lease; None if another process was first."""
    owner, number = _this_process(), (after.number if after else 0) + 1
    claim = Claim(folder / f"lease.{number}", owner=owner)
    if not _make(claim.path, content=_content(owner, counter="0" * _COUNTER), token=owner.token):
        return None
    numbers = _numbers(folder)
    if max(numbers, default=0) != number:  # `after` had a successor already, which is gone since
        claim.path.unlink(missing_ok=True)
        return None
    for lower in numbers:
        if lower < number:
            (folder / f"lease.{lower}").unlink(missing_ok=True)
    return claim


def _waited_for(folder: Path, *, locked: bool, stale_after: float) -> Claim:
    watched, since = b"", time.monotonic()
    while True:
        lease = Lease.of(folder)
        if lease and lease.content != watched:
            watched, since = lease.content, time.monotonic()
        is_stale = time.monotonic() - since > stale_after
        if lease is None or is_stale or lease.is_free(locked=locked):
            claim = take(folder, after=lease)
            if claim:
                return claim
        else:
            time.sleep(min(_WATCH_EVERY, stale_after / 10))


def _make(path: Path, *, content: bytes, token: str) -> bool:
    """Make a file with all of its content, unless it is there; True for the one who made it."""
    unfinished = path.with_name(f".lease.{token}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        try:
            os.link(unfinished, path)
        except FileExistsError:
            pass  # possibly one's own, as the server's reply may be lost: the links tell
        except OSError:  # a file system without hard links
            return _make_exclusively(path, content=content)
        return unfinished.stat().st_nlink == 2
    finally:
        unfinished.unlink(missing_ok=True)


def _make_exclusively(path: Path, *, content: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _numbers(folder: Path) -> list[int]:
    with os.scandir(folder) as entries:
        suffixes = [entry.name[6:] for entry in entries if entry.name.startswith("lease.")]
    return [int(suffix) for suffix in suffixes if suffix.isdecimal()]


def _can_be_opened(path: Path) -> bool:
    """True for a file that is there by its server, which opening asks and `stat` may not."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ESTALE):
            raise
        return False
    return True


def _beat(claim: Claim, *, stopped: Callable[[], bool]) -> None:
    """Raise the counter again and again; `stopped` waits for the time of a beat."""
    count = 0
    while not stopped():
        count += 1
        with suppress(OSError):  # a disk that is full or away for a moment; `verify` judges
            claim.beat(count)


def _content(owner: Owner, *, counter: str) -> bytes:
    fields = [counter, owner.pid, owner.host, owner.since, owner.machine, owner.boot, owner.token]
    return json.dumps(fields).encode()


def _this_process() -> Owner:
    return Owner(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
        machine=_read("/etc/machine-id"),
        boot=_read("/proc/sys/kernel/random/boot_id"),
    )


@cache
def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:  # no Linux
        return ""
