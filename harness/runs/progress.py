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
from harness.runs.planned_run import PlannedRun


@runtime_checkable
class Watch(Protocol):
    """A display, called at every poll with the runs that ended since the last."""

    def __call__(self, ended: Sequence[Ended]) -> None: ...


def silent(ended: Sequence[Ended]) -> None:
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
        self._ledger = ledger
        self._started = time.monotonic()
        # Made by an earlier, interrupted attempt: they say nothing about the speed of this one.
        self._before = sum(self.done(digest) for digest in self.names)
        self.ended: dict[str, Ended] = {}

    def done(self, digest: str) -> int:
        """The updates of a run so far."""
        return min(self._ledger.updates(digest), self.updates[digest])

    def line(self, ended: Ended) -> str:
        """A line on the end of a run: its status, and the reason if it is not finished."""
        self.ended[ended.digest] = ended
        outcome = self._ledger.outcome(ended.digest)
        status, reason = "failed", ended.reason
        if outcome and not ended.reason:
            status, reason = outcome.status, outcome.reason
        return printable(f"{ended.runs[0].title}: {status}" + (f": {reason}" if reason else ""))

    def left(self) -> str:
        """The estimated time for the rest."""
        done = sum(
            self.updates[digest] if digest in self.ended else self.done(digest)
            for digest in self.names
        )
        rate = (done - self._before) / (time.monotonic() - self._started)
        seconds = (sum(self.updates.values()) - done) / rate if rate else 0.0
        return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"


@dataclass
class _Lines:
    """A plain line for every run that ends."""

    tally: _Tally

    def __call__(self, ended: Sequence[Ended]) -> None:
        for runs in ended:
            line = self.tally.line(runs)
            count = f"[{len(self.tally.ended)}/{len(self.tally.names)}]"
            notify_user(f"{count} {line}; {self.tally.left()}")


@dataclass
class _Bars:
    """A bar for the study's updates, and one for every run that is under way."""

    tally: _Tally
    progress: Progress
    bars: dict[str, TaskID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.study = self.progress.add_task("study", total=sum(self.tally.updates.values()))

    def __call__(self, ended: Sequence[Ended]) -> None:
        for runs in ended:
            self.progress.console.print(self.tally.line(runs))
            if runs.digest in self.bars:
                self.progress.remove_task(self.bars.pop(runs.digest))
        total = 0
        for digest, name in self.tally.names.items():
            over = digest in self.tally.ended
            # A run that diverged early counts in full, or the study's bar would never be full.
            done = self.tally.updates[digest] if over else self.tally.done(digest)
            total += done
            if done and not over:
                if digest not in self.bars:
                    self.bars[digest] = self.progress.add_task(
                        name, total=self.tally.updates[digest]
                    )
                self.progress.update(self.bars[digest], completed=done)
        self.progress.update(self.study, completed=total)
