"""Runs as jobs of a Slurm cluster."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.components import Executor
from harness.components.options import NonNegativeInt, PositiveFloat, PositiveInt
from harness.contracts import Jobs
from harness_executors.slurm_queue import Queue, Submitted

_LOG = "log.txt"
_MOST = 1000  # runs submitted at once; Slurm queues those that it has no room for
_LOOK_EVERY = 1.0  # seconds between looks at results and at Slurm's queue
_GRACE = 10.0  # seconds in which the result of a job that is gone may still become visible
_PATIENCE = 4.5  # seconds to end, of the five that stopping may take
_KILLED = (-signal.SIGKILL, -signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Slurm(Executor):
    """One job of Slurm per run, in arrays, each of which starts ``python -m harness.runs.worker``.

    A job gets `cpus`, `gpus` and `memory` (GB; by default what the partition gives) on one machine
    for `time` minutes. One that is preempted, or whose time is over, writes a checkpoint and is
    queued again. A run that is killed, or whose job is lost, is submitted again, at most `retries`
    times. `sbatch` has further options of that command, such as ``{account: nlp, qos: low}``.
    Every machine needs the same installation, and the folder of results under the same path.

    If `harness run` is killed, its jobs go on, and the next one waits for them. Install the library
    with ``pip install 'transformer-harness[slurm]'``.
    """

    name = "slurm"

    partition: str | None = None
    time: PositiveInt = 60
    cpus: PositiveInt = 1
    gpus: NonNegativeInt = 0
    memory: PositiveFloat | None = None
    retries: NonNegativeInt = 3
    sbatch: Mapping[str, str] = field(default_factory=dict)

    def at_once(self, jobs: int | None, *, device: str) -> int:
        """As many as asked for; without that, as many as an array of Slurm may have."""
        return jobs or _MOST

    def build(self, *, jobs: int) -> Jobs:
        """Up to `jobs` jobs in Slurm's queue, waiting or running."""
        return SlurmJobs(self, jobs)

    def parameters(self) -> Mapping[str, Any]:
        """The options by the names that submitit has for them; those that are None are left out."""
        named = {
            "name": "harness",
            "slurm_partition": self.partition,
            "timeout_min": self.time,
            "cpus_per_task": self.cpus,
            "gpus_per_node": self.gpus or None,
            "mem_gb": self.memory,
            "slurm_additional_parameters": {"requeue": True, **self.sbatch},
            "slurm_signal_delay_s": 30,  # time for an update and a checkpoint
            "slurm_array_parallelism": _MOST,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass
class SlurmJobs:
    """The jobs of the runs in progress. Raises `HarnessError` where there is no Slurm."""

    options: Slurm
    capacity: int
    _waiting: list[Path] = field(default_factory=list)
    _jobs: dict[Path, Submitted] = field(default_factory=dict)
    _retried: dict[Path, int] = field(default_factory=dict)
    _gone: dict[Path, float] = field(default_factory=dict)
    _lost: dict[Path, str] = field(default_factory=dict)
    _opened: Queue | None = None
    _looked: float = float("-inf")

    def submit(self, path: Path) -> None:
        """Note the run in this folder; the next poll submits all of them, as one array.

        A run whose job is still there, from a `harness run` that was killed, needs no other.
        """
        self._queue(path)  # a study without runs to carry out needs no Slurm
        self._lost.pop(path, None)
        self._waiting.append(path)

    def poll(self) -> Iterator[tuple[Path, int]]:
        """Yield each run whose job has ended and its exit status; 1 if its job is lost for good."""
        self._submit_waiting()
        if not self._jobs or time.monotonic() - self._looked < _LOOK_EVERY:
            return
        # Before the results: a job that is gone by now has written its own.
        alive = self._queue(next(iter(self._jobs))).alive()
        for path, job in list(self._jobs.items()):
            status = self._status(path, job=job, alive=alive)
            if status is None:
                continue
            self._queue(path).forget(path, job=self._jobs.pop(path))
            if self._is_retried(path, status=status):
                self._waiting.append(path)
            else:
                yield path, status
        self._looked = time.monotonic()

    def cancel(self) -> None:
        """End every job in a few seconds; runs resume from the checkpoints that they write."""
        if self._opened:
            self._opened.cancel(self._jobs.values(), patience=_PATIENCE)
        self._waiting.clear()
        self._jobs.clear()

    def logs(self, path: Path) -> str:
        """Return the output of the run's process; a traceback, or what Slurm says, comes last."""
        log = path / _LOG
        lines = log.read_text(errors="replace") if log.exists() else ""
        return f"{lines}\n{self._lost[path]}\n" if path in self._lost else lines

    def _submit_waiting(self) -> None:
        if not self._waiting:
            return
        queue = self._queue(self._waiting[0])
        alive = queue.alive()
        if alive is None:  # Slurm may be restarting
            return
        self._jobs |= queue.recorded(self._waiting, alive=alive)
        new = [path for path in self._waiting if path not in self._jobs]
        for start in range(0, len(new), _MOST):
            self._jobs |= queue.submit(new[start : start + _MOST])
        self._waiting.clear()

    def _status(self, path: Path, *, job: Submitted, alive: frozenset[str] | None) -> int | None:
        """The exit status of a run's process; None while its job is there, or may be."""
        status, fault = self._queue(path).result(job)
        if status is not None:
            return status
        if fault is None and (alive is None or job.number in alive):  # Slurm may be restarting
            self._gone.pop(path, None)
            return None
        if fault is None:
            since = self._gone.setdefault(path, time.monotonic())
            if time.monotonic() - since < _GRACE:
                return None
            fault = self._queue(path).last_words(job)
        self._gone.pop(path, None)
        self._lost[path] = fault
        return 1

    def _is_retried(self, path: Path, *, status: int) -> bool:
        """True, and counted, for a run that was killed or whose job is lost, as often as asked."""
        times = self._retried.get(path, 0)
        if times >= self.options.retries or not (status in _KILLED or path in self._lost):
            return False
        self._retried[path] = times + 1
        self._lost.pop(path, None)
        return True

    def _queue(self, path: Path) -> Queue:
        """Slurm's queue, with the folder of its files beside that of all runs."""
        if self._opened is None:
            folder = path.absolute().parent.parent / "slurm"
            self._opened = Queue(folder, parameters=self.options.parameters())
        return self._opened
