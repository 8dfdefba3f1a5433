"""Files on disk: written atomically, read as complete lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path


def write_atomically(path: Path, *, content: bytes) -> None:
    """Write a file so that a reader, or a crash, sees all of it or nothing."""
    # In the same folder, as a file can be replaced atomically only within one file system; with
    # the process in its name, as two may write the same file.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_json(path: Path, *, value: object) -> None:
    """Write a JSON file atomically; NaN and infinities are refused."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, content=text.encode() + b"\n")


def write_columns(path: Path, *, columns: Mapping[str, object]) -> None:
    """Write a JSON object atomically, one key per line: long lists of numbers stay on one."""
    lines = [f"{json.dumps(key)}: {json.dumps(columns[key], allow_nan=False)}" for key in columns]
    write_atomically(path, content=("{" + ",\n".join(lines) + "}\n").encode())


def complete_lines(path: Path) -> Iterator[bytes]:
    """The lines of a growing file, up to its last newline; none when there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    yield from content[: content.rfind(b"\n") + 1].splitlines()
