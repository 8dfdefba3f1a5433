"""Files on disk: written atomically, read as complete lines."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PARTIAL = re.compile(r"\..+\.(\d+)")  # the file, and the process that writes it


def write_atomically(path: Path, *, content: bytes) -> None:
    """Write a file so that a reader, a crash or a loss of power leaves all of it or nothing."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the path when all of it is written, and is nothing before."""
    partial = unfinished(path)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def unfinished(path: Path) -> Path:
    """The place for a file or folder until it is finished and may take its own."""
    # In the same folder, as a file can be replaced atomically only within one file system; with
    # the process in its name, as two may write the same file.
    return path.with_name(f".{path.name}.{os.getpid()}")


def move_folder(folder: Path, *, to: Path) -> None:
    """Give a finished folder its name, where nothing is; raises `OSError` where something is."""
    folder.rename(to)
    _sync_folder(to.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def abandoned(folder: Path) -> Iterator[Path]:
    """The unfinished files in a folder whose writers are gone: they were killed at it."""
    for path in sorted(folder.glob(".*")):
        partial = _PARTIAL.fullmatch(path.name)
        if partial and not _is_running(int(partial[1])):
            yield path


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it belongs to another user
        return True
    return True


def sha256(path: Path) -> str | None:
    """The SHA-256 of a file's content in hexadecimal digits; None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def write_json(path: Path, *, value: object) -> None:
    """Write a JSON file atomically; NaN and infinities are refused."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, content=text.encode() + b"\n")


def complete_lines(path: Path) -> Iterator[bytes]:
    """The lines of a growing file, up to its last newline; none when there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    yield from content[: content.rfind(b"\n") + 1].splitlines()


def file_digests(folder: Path, *, names: Sequence[str]) -> Mapping[str, str]:
    """The SHA-256 of files of a folder, by name; one that is not there is left out."""
    return {name: content for name in names if (content := sha256(folder / name))}
