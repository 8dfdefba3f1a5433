"""Runs as processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from harness.components import Executor
from harness.components.options import PositiveInt
from harness.contracts import Jobs
from harness_executors import gpus

_LOG = "log.txt"
_PATIENCE = 4.5  # seconds: the process of a run ends its worker, and what that started, before


@dataclass(frozen=True, kw_only=True)
class Local(Executor):
    """One process per run, forked from a server that has already imported torch.

    A run on ``cuda`` sees one GPU, the one with the fewest runs of the study, and none has more
    than `runs_per_gpu`. Runs of other studies and programs are not known here.
    """

    name = "local"
    runs_per_gpu: PositiveInt = 1

    def at_once(self, jobs: int | None, *, device: str) -> int:
        """As many as there are cores; on GPUs, as many as they have places, and never more."""
        places = len(gpus.visible()) * self.runs_per_gpu if device == "cuda" else 0
        return min(jobs or places, places) if places else super().at_once(jobs, device=device)

    def build(self, *, jobs: int) -> Jobs:
        """Up to `jobs` processes at once, each with the number of threads in its run's budget."""
        return LocalJobs(jobs)


@dataclass
class LocalJobs:
    """The processes of the runs in progress (POSIX only)."""

    capacity: int
    _processes: dict[Path, ForkServerProcess] = field(default_factory=dict)
    _gpus: dict[Path, str] = field(default_factory=dict)

    def submit(self, path: Path) -> None:
        """Fork one process for the run in this folder; one on cuda has a GPU of its own to see."""
        visible = gpus.visible() if gpus.wants_gpu(path) else []
        if visible:
            self._gpus[path] = gpus.least_loaded(visible, occupied=self._gpus.values())
        # The server imports torch once; each run is forked from it, and so starts without delay.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["harness.runs.preload"])
        process = context.Process(
            target=_perform, args=(path,), kwargs={"gpu": self._gpus.get(path)}, daemon=True
        )
        process.start()
        self._processes[path] = process

    def poll(self) -> Iterator[tuple[Path, int]]:
        """Yield each run whose process has ended and its exit status; -n if killed by signal n."""
        for path, process in list(self._processes.items()):
            if not process.is_alive():
                process.join()
                del self._processes[path]
                self._gpus.pop(path, None)
                yield path, process.exitcode or 0

    def cancel(self) -> None:
        """End every process in a few seconds; runs resume from the checkpoints that they write."""
        deadline = time.monotonic() + _PATIENCE
        for end in (ForkServerProcess.terminate, ForkServerProcess.kill):
            for process in self._processes.values():
                end(process)
            for process in self._processes.values():
                process.join(max(0.0, deadline - time.monotonic()))
            deadline += 1
        self._processes.clear()
        self._gpus.clear()

    def logs(self, path: Path) -> str:
        """Return the output of the run's process; a traceback comes last."""
        log = path / _LOG
        return log.read_text(errors="replace") if log.exists() else ""


def _perform(path: Path, *, gpu: str | None) -> None:
    """Carry out one run in this process, with all output redirected to the run's log."""
    if gpu is not None:
        os.environ[gpus.VISIBLE] = gpu  # the server has loaded torch, and not used CUDA
    from harness.runs.worker import perform_logged  # here: the coordinator must not load torch

    perform_logged(path)
