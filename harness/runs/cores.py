"""The processors that runs may use."""

from __future__ import annotations

import os


def available_cores() -> int:
    """The cores that this process may use or, on systems that do not tell, those of the machine."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
