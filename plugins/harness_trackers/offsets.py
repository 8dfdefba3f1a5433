"""Progress of a copy in files that grow: how far each run's was written, safe against kills."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

_STATE, _LOCK = ".copied.json", ".lock"


@dataclass
class Copied:
    """A run's copy: the size of its file, the last update in it, and what else it shows.

    `size` is in bytes; more of the file was written by a process that was killed, and goes.
    """

    size: int = 0
    after: int = -1
    fingerprint: str = ""
    scores: dict[str, float] = field(default_factory=dict)


@contextmanager
def progress(folder: Path) -> Iterator[dict[str, Copied]]:
    """Every run's copy by its key, kept in the folder; locked against other processes meanwhile.

    Whatever is raised within, the copies that are complete by then are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(folder / _LOCK, flags, 0o666), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copied = _loaded(folder / _STATE)
        before = _text(copied)
        try:
            yield copied
        finally:
            if (text := _text(copied)) != before:
                write_whole(folder / _STATE, text=text)


def _loaded(path: Path) -> dict[str, Copied]:
    """The saved copies; none if the file is missing or damaged, so that all is copied again."""
    try:
        return {key: Copied(**value) for key, value in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _text(copied: dict[str, Copied]) -> str:
    return json.dumps({key: asdict(copy) for key, copy in copied.items()})


def still_there(copy: Copied | None, *, path: Path) -> Copied:
    """The copy of a run, or a new one where its file has been deleted or cut."""
    size = path.stat().st_size if path.exists() else 0
    return copy if copy and size >= copy.size else Copied()


@contextmanager
def growing(path: Path, *, copy: Copied) -> Iterator[BinaryIO]:
    """A run's file, open where its copy ends; the copy has the new end once all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+b") as file:
        file.truncate(copy.size)
        file.seek(copy.size)
        yield file
        file.flush()
        copy.size = file.tell()


def write_whole(path: Path, *, text: str) -> None:
    """Write a file at once, unless it has this text already."""
    if path.exists() and path.read_bytes() == text.encode():
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(text.encode())
    partial.replace(path)
