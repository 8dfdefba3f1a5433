"""A local database made whole or not at all: MLflow's own creation, if interrupted, stays half."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from harness.notices import warn


def ensure_database(path: Path, *, create: Callable[[Path], None]) -> None:
    """Make the tables of a database that has none, under another name until they are complete.

    `create` makes a complete database of a file. One whose creation was interrupted holds nothing
    and is made again. Two processes may do this at once: the first to finish is kept.
    """
    unfinished = path.exists() and is_unfinished(path)
    if path.exists() and not unfinished:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    _remove([*_abandoned(path), *_files(partial)])
    try:
        create(partial)
        if unfinished and is_unfinished(path):
            _remove(_files(path))
            warn(f"{path}: its creation was interrupted; made again")
        _place(partial, at=path)
    finally:
        _remove(_files(partial))


def is_unfinished(path: Path) -> bool:
    """True for a database without an experiment, which MLflow adds last of all."""
    try:
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as database:
            return database.execute("select 1 from experiments limit 1").fetchone() is None
    except sqlite3.OperationalError as error:
        return "no such table" in str(error)  # and not locked or out of reach
    except sqlite3.DatabaseError:  # not a database: not ours to replace
        return False


def _place(partial: Path, *, at: Path) -> None:
    """Give a complete database its name, unless another process has been first."""
    try:
        os.link(partial, at)
    except FileExistsError:
        return
    except OSError:  # of a file system without links
        if not at.exists():
            partial.replace(at)


def _files(database: Path) -> list[Path]:
    """A database with the files that SQLite keeps beside it."""
    return [database.with_name(database.name + end) for end in ("", "-journal", "-wal", "-shm")]


def _abandoned(path: Path) -> Iterator[Path]:
    """What was left by processes that ended before they were done."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)(-journal|-wal|-shm)?")
    for other in path.parent.iterdir():
        match = pattern.fullmatch(other.name)
        if match and not _is_running(int(match[1])):
            yield other


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it belongs to another user
        return True
    return True


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
