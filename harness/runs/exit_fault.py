"""The end of a process in words."""

from __future__ import annotations

import signal


def exit_fault(status: int, *, log: str) -> str | None:
    """The fault of a process in one line: its signal, or the last line that it printed."""
    if status == 0:
        return None
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", possibly out of memory" if name == "SIGKILL" else ""
        return f"killed by {name}{hint}"
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit status {status} without output"
