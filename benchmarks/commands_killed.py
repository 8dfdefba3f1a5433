"""SIGKILLs for `harness run` itself, with the processes that it starts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from strikes import descendants, updates, worker_of

COMMAND = (sys.executable, "-c", "from harness.cli import main; main()", "run")


def kill_commands(study: Path, *, out: Path, kills: int, chance: random.Random) -> int:
    """Run a study to its end, killing the command or its workers; the number of kills."""
    struck = 0
    while True:
        log = (out.parent / "command.txt").open("wb")
        command = [*COMMAND, str(study), "--out", str(out), "--jobs", "2"]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        if struck < kills:
            struck += _kill(process, out=out, chance=chance)
        status = process.wait()
        if status == 0:
            return struck
        text = Path(log.name).read_text(encoding="utf-8")
        if status != -signal.SIGKILL and "killed by SIGKILL" not in text:
            raise SystemExit(f"{study}: ended with {status}: {text}")


def _kill(process: subprocess.Popen[bytes], *, out: Path, chance: random.Random) -> int:
    """Kill once some more updates are made; 0 if the command ended first."""
    further, before = chance.randint(5, 40), _updates(out)
    while _updates(out) < before + further:
        if process.poll() is not None:
            return 0
        time.sleep(0.002)
    workers = [pid for lock in out.glob("runs/*/lock") if (pid := worker_of(lock.parent))]
    below = descendants(process.pid)
    target = chance.choice((workers[:1], [process.pid], [process.pid, *below]))
    for pid in target:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return int(bool(target))


def _updates(out: Path) -> int:
    return sum(updates(path) for path in out.glob("runs/*"))
