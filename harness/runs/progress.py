"""Progress of runs on the screen, read from the ledger, as every other observer does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from harness.notices import notify_user
from harness.printable import printable
from harness.runs.execution import Ended
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, RunState


@runtime_checkable
class Watch(Protocol):
    """A display, called at every poll with the runs that ended since, and those under way."""

    def __call__(self, ended: Sequence[Ended], *, running: Sequence[str]) -> None: ...


def silent(ended: Sequence[Ended], *, running: Sequence[str]) -> None:
    """Show nothing."""


@contextmanager
def watching(
    runs: Sequence[PlannedRun], *, ledger: Ledger, updates: Mapping[str, int]
) -> Iterator[Watch]:
    """Show a bar for the study and for each run, and the time left; plain lines without a terminal.

    `updates` has the whole budget of every run by its digest.
    """
    # Standard output is for results, which another program may read. Without markup: rich would
    # swallow a reason's brackets as a style.
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    tally = _Tally(runs, ledger, updates)
    if not tally.names:
        yield silent
    elif console.is_terminal:
        with Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        ) as progress:
            yield _Bars(tally, progress)
    else:
        yield _Lines(tally)


class _Tally:
    """The runs to carry out, and their progress."""

    def __init__(
        self, runs: Sequence[PlannedRun], ledger: Ledger, updates: Mapping[str, int]
    ) -> None:
        waiting = [run for run in runs if not run.exists]
        self.names: dict[str, str] = {}
        for run in waiting:
            self.names.setdefault(run.digest, printable(run.title))
        self.updates = {digest: updates[digest] for digest in self.names}
        self.total = sum(self.updates.values())
        self._ledger = ledger
        self._started = time.monotonic()
        # Made by an earlier, interrupted attempt: they say nothing about the speed of this one.
        begun = [run.digest for run in waiting if run.state is not RunState.NEW]
        self._before = {digest: self.done(digest) for digest in begun}
        self._made = sum(self._before.values())
        self.ended: dict[str, Ended] = {}

    def done(self, digest: str) -> int:
        """The updates of a run so far."""
        return min(self._ledger.updates(digest), self.updates[digest])

    def line(self, ended: Ended) -> str:
        """A line on the end of a run: its status, and the reason if it is not finished."""
        if ended.digest not in self.ended:
            # One that diverged early counts in full, or the study's bar would never be full.
            self._made += self.updates[ended.digest] - self._before.get(ended.digest, 0)
        self.ended[ended.digest] = ended
        outcome = self._ledger.outcome(ended.digest)
        status, reason = "failed", ended.reason
        if outcome and not ended.reason:
            status, reason = outcome.status, outcome.reason
        return printable(f"{ended.runs[0].title}: {status}" + (f": {reason}" if reason else ""))

    def made(self, under_way: Mapping[str, int]) -> int:
        """The updates of all runs so far; `under_way` has those of the runs that go on."""
        return self._made + sum(
            done - self._before.get(digest, 0) for digest, done in under_way.items()
        )

    def under_way(self, running: Sequence[str]) -> dict[str, int]:
        """The updates so far of the runs that go on; no other is read, of what may be thousands."""
        return {digest: self.done(digest) for digest in running if digest not in self.ended}

    def left(self, running: Sequence[str]) -> str:
        """The estimated time for the rest."""
        made = self.made(self.under_way(running))
        rate = (made - sum(self._before.values())) / (time.monotonic() - self._started)
        seconds = (self.total - made) / rate if rate else 0.0
        return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"


@dataclass
class _Lines:
    """A plain line for every run that ends."""

    tally: _Tally

    def __call__(self, ended: Sequence[Ended], *, running: Sequence[str]) -> None:
        for runs in ended:
            line = self.tally.line(runs)
            count = f"[{len(self.tally.ended)}/{len(self.tally.names)}]"
            notify_user(f"{count} {line}; {self.tally.left(running)}")


@dataclass
class _Bars:
    """A bar for the study's updates, and one for every run that is under way."""

    tally: _Tally
    progress: Progress
    bars: dict[str, TaskID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.study = self.progress.add_task("study", total=self.tally.total)

    def __call__(self, ended: Sequence[Ended], *, running: Sequence[str]) -> None:
        for runs in ended:
            self.progress.console.print(self.tally.line(runs))
            if runs.digest in self.bars:
                self.progress.remove_task(self.bars.pop(runs.digest))
        under_way = self.tally.under_way(running)
        for digest, done in under_way.items():
            if done and digest not in self.bars:
                name, total = self.tally.names[digest], self.tally.updates[digest]
                self.bars[digest] = self.progress.add_task(name, total=total)
            if done:
                self.progress.update(self.bars[digest], completed=done)
        self.progress.update(self.study, completed=self.tally.made(under_way))
