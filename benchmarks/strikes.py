"""SIGKILLs for the processes of a study: each at a chosen moment, and where it came recorded.

A study's coordinator is forked from this process, and its workers from the coordinator, so that
neither loads torch again: a restart takes a tenth of a second. What they execute is the program's
own: `execute`, the guard, and the worker.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import harness.runs.preload  # noqa: F401 - loaded for the processes forked from here
from harness.components import Executor
from harness.pipeline import open_study
from harness.runs.execution import execute
from harness.runs.lock import holder
from harness.runs.study_folder import previous_plan
from harness.runs.worker import perform_logged
from harness_executors.local import LocalJobs

TARGETS = ("worker", "guard", "coordinator", "all")
PLACES = ("start", "step", "evaluation", "checkpoint", "weights", "decoding")
KILLED_RUNS = 7  # the exit status of a coordinator some of whose runs were killed
EXPECTED = re.compile(r"killed by SIGKILL, .*|its start \S+ failed")
_PATIENCE = 0.03  # seconds for a worker to say where it is
_POLL = 0.002  # seconds


class Forked(Executor):
    """Workers as in `local`, forked from the coordinator."""

    name = "forked"

    def build(self, *, jobs: int) -> LocalJobs:
        """Up to `jobs` at once."""
        return _ForkedJobs(jobs)


class _ForkedJobs(LocalJobs):
    def submit(self, path: Path) -> None:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_perform_traced, args=(path,), daemon=True)
        process.start()
        self._processes[path] = process


def _perform_traced(path: Path) -> None:
    """As a worker of `local`, and on SIGUSR1 this process says where it is."""
    faulthandler.register(signal.SIGUSR1, file=_trace(path).open("wb", buffering=0))
    perform_logged(path)


def _trace(path: Path) -> Path:
    return path.parent.parent / f"trace-{path.name}"


def coordinate(study: Path, out: Path) -> None:
    """Carry a study out to its end, as `harness run` does; ends this process with a status."""
    opened, unexpected = open_study(study, out=out, seeds=None), []
    while True:
        opened.remember_plan()
        reasons = [
            end.reason
            for poll in execute(opened.plan, executor=Forked(), jobs=2, ledger=opened.ledger)
            for end in poll.ended
            if end.reason
        ]
        unexpected += [reason for reason in reasons if not EXPECTED.fullmatch(reason)]
        if unexpected:
            sys.exit(f"a run failed: {unexpected}")
        if reasons:
            sys.exit(KILLED_RUNS)
        opened = opened.plan_next(previous=previous_plan(opened.folder))
        if all(run.exists for run in opened.plan):
            return


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A kill that is due once a run is at a moment of its life, after an update and a delay."""

    moment: str
    update: int
    delay: float
    target: str

    def due(self, path: Path) -> bool:
        """True if the run in this folder is there."""
        if self.moment == "decoding":
            return (path / "weights.pt").exists()
        if self.moment == "checkpoint" and not writes_checkpoint(path):
            return False
        return updates(path) >= self.update


def updates(path: Path) -> int:
    """The updates that a run has measured."""
    with suppress(FileNotFoundError):
        return (path / "measurements.jsonl").read_bytes().count(b"\n") - 1
    return -1


def writes_checkpoint(path: Path) -> bool:
    """True while a checkpoint is written, and after the death of the process that wrote it."""
    return any(path.glob(".checkpoint.pt.*"))


class Span(NamedTuple):
    """The updates between which runs are killed, and those between two evaluations."""

    first: int
    last: int
    evaluate_every: int


def strikes(chance: random.Random, *, span: Span) -> list[Strike]:
    """The kills of one run: in training, often twice, and often after it."""

    def strike(moment: str, update: int, delay: float) -> Strike:
        return Strike(
            moment=moment,
            update=update,
            delay=chance.uniform(0, delay),
            target=chance.choice(TARGETS),
        )

    def training(first: int) -> Strike:
        update, moment = chance.randint(first, span.last), chance.choice(_TRAINING)
        if moment == "evaluation":
            # The last update before the next evaluation, and then some milliseconds.
            every = span.evaluate_every
            update = min(-(-update // every) * every, span.last) - 1
        return strike(moment, update, 0.0 if moment == "checkpoint" else 0.012)

    chosen = [training(span.first)]
    if chance.random() < 0.5:
        chosen.append(training(chosen[0].update))
    if chance.random() < 0.15:
        chosen.insert(chance.randint(0, len(chosen)), strike("start", -1, 0.08))
    if chance.random() < 0.3:
        chosen.append(strike("weights", span.last + 1, 0.01))
    if chance.random() < 0.7:
        chosen.append(strike("decoding", -1, 0.15))
    return chosen


_TRAINING = ("update", "evaluation", "checkpoint")


@dataclass(kw_only=True)
class Campaign:
    """The kills of a study in one results folder."""

    study: Path
    out: Path
    span: Span
    chance: random.Random
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    waiting: dict[str, list[Strike]] = field(default_factory=dict)

    def carry_out(self) -> None:
        """Start the study again and again, until it ends undisturbed."""
        while (status := self._attempt()) != 0:
            if status not in (KILLED_RUNS, -signal.SIGKILL):
                raise SystemExit(f"{self.study}: the coordinator ended with {status}")

    def _attempt(self) -> int:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=coordinate, args=(self.study, self.out))
        process.start()
        while process.is_alive():
            for path in self._running():
                queue = self.waiting[path.name]
                if queue and queue[0].due(path):
                    self._strike(path, strike=queue.pop(0), coordinator=process.pid)
            time.sleep(_POLL)
        process.join()
        return process.exitcode

    def _running(self) -> Iterator[Path]:
        """The folders of the runs with a worker that have kills ahead."""
        for lock in self.out.glob("runs/*/lock"):
            path = lock.parent
            if path.name not in self.waiting:
                self.waiting[path.name] = strikes(self.chance, span=self.span)
            if self.waiting[path.name] and worker_of(path):
                yield path

    def _strike(self, path: Path, *, strike: Strike, coordinator: int) -> None:
        time.sleep(strike.delay)
        worker = worker_of(path)
        if worker is None:
            return  # it ended meanwhile
        place = "checkpoint"
        if strike.moment != "checkpoint":  # which has no time for a question
            try:
                place = _place(path, worker=worker)
            except ProcessLookupError:
                return  # as above
        guard = parent(worker)
        if guard is None:
            return
        everything = [coordinator, *descendants(coordinator)]
        self.chance.shuffle(everything)
        alone = {"worker": [worker], "guard": [guard], "coordinator": [coordinator]}
        for process in alone.get(strike.target, everything):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if strike.moment == "checkpoint" and strike.target != "coordinator":
            time.sleep(0.05)
            if not writes_checkpoint(path):  # it was finished just before
                place = "step"
        self.struck[place, strike.target] += 1


def worker_of(path: Path) -> int | None:
    """The process that works on the run in this folder."""
    held = holder(path)
    return held.pid if held else None


def _place(path: Path, *, worker: int) -> str:
    """Where a worker is, from the lines of its stack, the innermost first."""
    trace = _trace(path)
    before = trace.stat().st_size
    os.kill(worker, signal.SIGUSR1)
    deadline, text = time.monotonic() + _PATIENCE, ""
    while time.monotonic() < deadline and " in perform\n" not in text:
        text = trace.read_bytes()[before:].decode()
    for functions, place in _FUNCTIONS.items():
        if re.search(rf"/({functions})\n", re.sub(r'", line \d+ in ', ":", text)):
            return place
    return "start"


# The first that is there: in training, whatever is nothing else is part of an update.
_FUNCTIONS = {
    "checkpoint.py:save": "checkpoint",
    "checkpoint.py:resume": "start",
    "evaluation.py:measure": "evaluation",
    "checkpoint.py:write_tensors": "weights",
    "decodings.py:_decode": "decoding",
    "worker.py:_train": "step",
    "worker.py:_trained": "weights",
}


def parent(process: int) -> int | None:
    """The parent of a process; None once that has ended."""
    with suppress(OSError):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        return int(stat.rpartition(")")[2].split()[1])
    return None


def descendants(process: int) -> list[int]:
    """The processes below this one."""
    folders = Path("/proc").glob("[0-9]*")
    parents = {int(folder.name): parent(int(folder.name)) for folder in folders}
    below = [process]
    for ancestor in below:
        below += [child for child, its in parents.items() if its == ancestor]
    return below[1:]
