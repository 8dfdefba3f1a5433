"""Lines on standard error for the person at the terminal."""

from __future__ import annotations

import sys
from contextlib import suppress

from harness.printable import printable


def warn(message: object) -> None:
    """Print a warning: what went wrong and what is done instead."""
    notify_user(f"warning: {message}")


def notify_user(line: str) -> None:
    """Print a line; a reader who has left, or a full disk behind the stream, ends no work."""
    with suppress(OSError):
        sys.stderr.write(f"{printable(line)}\n")
        sys.stderr.flush()
