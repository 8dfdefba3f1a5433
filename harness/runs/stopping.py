"""The end of a worker on request, and the times of its checkpoints, which no result depends on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from harness.study.experiment import Budget


class Stop:
    """A request to end, made by a signal: granted at once, or between two updates of training."""

    def __init__(self) -> None:
        self._asked = False
        self._deferred = False

    @property
    def requested(self) -> bool:
        """True if the process is to end at the next update."""
        return self._asked

    def __call__(self, signal: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self._asked = True
        if not self._deferred:
            self.leave("stopped")

    @contextmanager
    def between_updates(self) -> Iterator[None]:
        """Leave it to the code within when to leave; what it has finished is kept."""
        self._deferred = True
        yield
        self._deferred = False
        self.leave("stopped after training, which is kept")

    def leave(self, reason: str) -> None:
        """End this process if that was requested."""
        if self.requested:
            # No `Exception`, which a component may catch.
            raise SystemExit(f"{reason}; run again to go on")


class JointStop(Stop):
    """A request to the ranks of a run, granted by all of them after the same update.

    It reaches them at different times; `agree` tells those that it has not reached yet.
    """

    def __init__(self, agree: Callable[[bool], bool]) -> None:
        super().__init__()
        self._agree, self._agreed = agree, False

    @property
    def requested(self) -> bool:
        """True between updates once every rank knows, otherwise at once."""
        return self._agreed if self._deferred else self._asked

    def end_update(self) -> None:
        """Tell the other ranks, and hear from them."""
        self._agreed = self._agree(self._asked)


def _may_write() -> None:
    """Whoever carries out a run without a lease."""


class Checkpoints:
    """The times to write one: after every evaluation, every so many seconds, and before a stop.

    `verify` ends this process where it may write no longer, as another one has the run.
    """

    verify: Callable[[], None] = staticmethod(_may_write)

    def __init__(self, stop: Stop, *, every: float) -> None:
        self.stop, self._every = stop, every
        self._last = time.monotonic()

    def due(self, update: int, *, budget: Budget) -> bool:
        """True if a checkpoint is to be written after this update."""
        late = time.monotonic() - self._last >= self._every
        # After update 0, an evaluation before training, there is nothing to save.
        due = update > 0 and (update % budget.evaluate_every == 0 or late or self.stop.requested)
        if due:
            self._last = time.monotonic()
        return due
