"""A study of the command line that is going on, and the processes that belong to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Whoever started the tests in the background had Ctrl-C ignored, and a child inherits that.
FOREGROUND = (
    sys.executable,
    "-c",
    (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from harness.cli import main; main()"
    ),
)


@contextmanager
def going_on(study: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`harness run` of one seed, killed with all that it started if it is still there."""
    command = [*FOREGROUND, "run", str(study), "--jobs", "1", "--seeds", "1", *options]
    with subprocess.Popen(
        command,
        cwd=study.parent,
        env={**os.environ, "BELONGS_TO": str(study)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            for pid in processes(study):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def processes(study: Path) -> list[int]:
    """The processes of a study, by a mark in their environments, whoever their parents are."""
    mark, own = f"BELONGS_TO={study}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended since, or another user's
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and mark in (folder / "environ").read_bytes().split(b"\0"):
                own.append(int(folder.name))
    return own


def until(true: Callable[[], object], *, seconds: float = 60) -> float:
    """Wait until something is true; the seconds that it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "it did not come true"
        time.sleep(0.02)
    return time.monotonic() - started
