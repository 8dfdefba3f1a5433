"""Lines on standard error for the person at the terminal."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness.printable import printable


def warn(message: object) -> None:
    """Print a warning: what went wrong and what is done instead."""
    notify_user(f"warning: {message}")


def notify_user(line: str) -> None:
    """Print a line; a reader who has left, or a full disk behind the stream, ends no work."""
    try:
        sys.stderr.write(f"{printable(line)}\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def discard(stream: IO[str]) -> None:
    """Drop what a stream could not write, which would fail again at every flush and at exit."""
    with suppress(OSError), Path(os.devnull).open("wb") as nothing:
        place = stream.fileno()
        kept = os.dup(place)
        try:
            os.dup2(nothing.fileno(), place)
            stream.flush()
        finally:
            os.dup2(kept, place)
            os.close(kept)
