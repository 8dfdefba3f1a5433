"""Slot `executor`: the place where runs are carried out."""

from __future__ import annotations

import os
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Jobs


@dataclass(frozen=True, kw_only=True)
class Executor(Component):
    """Carries out runs in processes of their own, which communicate through the ledger only.

    It is given the path of a run's folder: ``harness.runs.worker.perform(path)`` does the rest,
    wherever it is called. ``perform_guarded(path)`` does so in a process that can be told to end,
    and that leaves nothing behind.
    """

    slot: ClassVar[str] = "executor"
    hook: ClassVar[str] = "harness_executors"
    changes_results: ClassVar[bool] = False

    def at_once(self, jobs: int | None, *, device: str) -> int:
        """The number of runs to carry out at once; `jobs` is what the user asked for, if anything.

        `device` is ``cuda`` if any of the runs trains there, else ``cpu``. Unless an executor knows
        better it is the number of cores that this process may use.
        """
        return jobs or cores()

    @abstractmethod
    def build(self, *, jobs: int) -> Jobs:
        """An executor that carries out up to `jobs` runs at once.

        It has `capacity`, the number of runs that may be under way; ``submit(path)``, which starts
        one and raises nothing for a run that fails; ``poll()``, the pairs of path and exit status
        that are new (0: the outcome is written); ``logs(path)``, the output of a run with its error
        last; and ``cancel()``, which ends all within five seconds. The command
        ``python -P -m harness.runs.worker PATH`` carries a run out, and writes its output to
        ``log.txt`` in the run's folder; with ``-P``, nothing is imported from the working folder.
        A path may be relative to the working folder, and poll() gives it back as it was submitted.
        """


def cores() -> int:
    """The cores that this process may use or, on systems that do not tell, those of the machine."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
