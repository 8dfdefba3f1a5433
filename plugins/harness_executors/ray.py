"""Runs as tasks of a Ray cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from harness.components import Executor
from harness.components.options import NonNegativeFloat, PositiveFloat
from harness.contracts import Jobs
from harness.errors import HarnessError

if TYPE_CHECKING:
    import types

_LOG = "log.txt"
_MOST = 10_000  # runs submitted at once; Ray queues those that it has no room for
_COUNT_EVERY = 5.0  # seconds between looks at the size of the cluster
_PATIENCE = 4.5  # seconds to end, of the five that stopping may take
_POLL_EVERY = 0.2  # seconds


@dataclass(frozen=True, kw_only=True)
class Ray(Executor):
    """One task of Ray Core per run, each of which starts ``python -m harness.runs.worker``.

    `address` is that of a cluster; ``auto`` is the one of RAY_ADDRESS, or that runs here, and
    ``local`` starts one on this machine. `cpus` and `gpus` are what Ray reserves for a run: shares
    of one, or whole numbers. Every machine needs the same installation, and the folder of results
    under the same path. A run that is killed, or whose machine is lost, is resumed elsewhere, at
    most `retries` times.

    Install the library with ``pip install 'transformer-harness[ray]'``.
    """

    name = "ray"

    address: str = "auto"
    cpus: PositiveFloat = 1.0
    gpus: NonNegativeFloat = 0.0
    retries: Annotated[int, Ge(0)] = 3

    def __post_init__(self) -> None:
        for name, number in (("cpus", self.cpus), ("gpus", self.gpus)):
            if number > 1 and number != int(number):
                raise ValueError(f"{name} above 1 must be a whole number, got {number}")

    def at_once(self, jobs: int | None, *, device: str) -> int:
        """As many as asked for; without that, as many as the cluster has room for."""
        return jobs or _MOST

    def build(self, *, jobs: int) -> Jobs:
        """Up to `jobs` tasks at once. The cluster is first asked for when there is a run."""
        return RayJobs(self, jobs)


@dataclass
class RayJobs:
    """The tasks of the runs in progress. Raises `HarnessError` where there is no cluster."""

    options: Ray
    most: int
    _tasks: dict[Path, Any] = field(default_factory=dict)
    _lost: dict[Path, str] = field(default_factory=dict)
    _room: int = 1
    _counted: float = float("-inf")

    @property
    def capacity(self) -> int:
        """The runs that the cluster has room for now, as machines come and go."""
        if time.monotonic() - self._counted > _COUNT_EVERY:
            resources = _connected(self.options.address).cluster_resources()
            rooms = [resources.get("CPU", 0.0) / self.options.cpus]
            if self.options.gpus:
                rooms.append(resources.get("GPU", 0.0) / self.options.gpus)
            self._room, self._counted = max(1, int(min(rooms))), time.monotonic()
        return min(self.most, self._room)

    def submit(self, path: Path) -> None:
        """Give Ray a task for the run in this folder."""
        ray = _connected(self.options.address)
        task = ray.remote(_carry_out).options(
            num_cpus=self.options.cpus,
            num_gpus=self.options.gpus,
            max_retries=self.options.retries,
            retry_exceptions=[Killed],
            name=f"run {path.name[:12]}",
        )
        self._lost.pop(path, None)
        self._tasks[path] = task.remote(str(path.absolute()))

    def poll(self) -> Iterator[tuple[Path, int]]:
        """Yield each run whose task has ended and its exit status; 1 if Ray has given it up."""
        if not self._tasks:
            return
        ray = _connected(self.options.address)
        paths = {task: path for path, task in self._tasks.items()}
        ended, _ = ray.wait([*paths], num_returns=len(paths), timeout=0)
        for task in ended:
            path = paths[task]
            del self._tasks[path]
            try:
                status = ray.get(task)
            except ray.exceptions.RayError as error:
                status, self._lost[path] = 1, _reason(error)
            yield path, status

    def cancel(self) -> None:
        """End every task in a few seconds; runs resume from the checkpoints that they write."""
        if not self._tasks:
            return
        ray, tasks = _connected(self.options.address), [*self._tasks.values()]
        for task in tasks:
            ray.cancel(task)
        _, left = ray.wait(tasks, num_returns=len(tasks), timeout=_PATIENCE)
        for task in left:
            ray.cancel(task, force=True)
        self._tasks.clear()

    def logs(self, path: Path) -> str:
        """Return the output of the run's process; a traceback, or what Ray says, comes last."""
        log = path / _LOG
        lines = log.read_text(errors="replace") if log.exists() else ""
        return f"{lines}\n{self._lost[path]}\n" if path in self._lost else lines


class Killed(Exception):
    """The end of a run's process by a signal that nobody here sent: it is resumed."""


def _carry_out(path: str) -> int:
    """Start the process of one run, on a machine of the cluster, and return its exit status."""
    # `-P`: from no working folder. The process ends with this one, which Ray may kill.
    command = [sys.executable, "-P", "-m", "harness.runs.worker", path]
    with subprocess.Popen(command) as process:  # noqa: S603 - the words are ours
        try:
            # Not `wait`, which Ray's cancellation, an interrupt, would not come through.
            while process.poll() is None:
                time.sleep(_POLL_EVERY)
        except BaseException:
            _end(process)
            raise
    if process.returncode in (-signal.SIGKILL, -signal.SIGTERM):
        raise Killed(f"killed by {signal.Signals(-process.returncode).name}")
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end with a checkpoint; end it if it takes too long."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    process.kill()


def _connected(address: str) -> types.ModuleType:
    """Ray, connected to the cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
    except ImportError:
        raise HarnessError(
            "executor ray: Ray is not installed; pip install 'transformer-harness[ray]'"
        ) from None
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise HarnessError(
                f"executor ray: no cluster at {address}: {_reason(error)}; start one with "
                "`ray start --head`, or say address: local"
            ) from None
    module: types.ModuleType = ray
    return module


def _reason(error: Exception) -> str:
    """The last line of an error that says something, as Ray's come with tracebacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
