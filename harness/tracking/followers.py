"""Trackers in threads of their own, so that a slow or unreachable one delays no run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from harness.components import Tracker
from harness.contracts import LedgerView, Page, StudyView, Tracking
from harness.errors import ComponentError, HarnessError
from harness.notices import warn
from harness.registry.attribution import attributed_to, fault_line, got_instead, label, refuse
from harness.registry.discovery import Plugins
from harness.tracking.outliving import LastWord

_PATIENCE = 60.0  # seconds for the last copy, when everything is trained and reported
_LONGEST = 300  # characters of a tracker's error message


class Followers:
    """The trackers of a study, each in a thread that can hang without holding up another."""

    def __init__(
        self,
        trackers: Sequence[Tracker],
        *,
        out: Path,
        ledger: LedgerView,
        plugins: Plugins,
        last_word: LastWord | None = None,
    ) -> None:
        self._followers = [
            _Follower(tracker, out=out, ledger=ledger, plugins=plugins) for tracker in trackers
        ]
        self._last_word = last_word if trackers else None
        self._ended = False

    def show(self, study: StudyView) -> None:
        """Let each idle tracker copy new facts; returns at once."""
        # Before any tracker can show a run as running: this process may be killed at any moment.
        if self._last_word:
            self._last_word.stand_by()
        for follower in self._followers:
            follower.show(study)
            follower.warn()

    def end(self, study: StudyView, *, patience: float = _PATIENCE) -> None:
        """Let each tracker copy the rest, and abandon those that take over `patience` seconds."""
        if self._ended:
            return
        self._ended = True
        for follower in self._followers:
            follower.end(study)
        # All are told before any is waited for, so that they copy side by side.
        for follower in self._followers:
            follower.wait(patience)
            follower.warn()
        if self._last_word:
            self._last_word.dismiss()


class _Follower:
    """One tracker and its thread."""

    def __init__(
        self, tracker: Tracker, *, out: Path, ledger: LedgerView, plugins: Plugins
    ) -> None:
        self._tracker, self._out, self._ledger = tracker, out, ledger
        self._plugins = plugins
        self._views: SimpleQueue[StudyView | None] = SimpleQueue()
        self._idle = Event()
        self._idle.set()
        self.fault: str | None = None
        self._warned = False
        self._tracking: Tracking | None = None
        # A daemon, so that one that hangs does not keep the program from ending.
        self._thread = Thread(target=self._follow, name=f"tracker {tracker.name}", daemon=True)

    def show(self, study: StudyView) -> None:
        # A busy one skips this view: the next has all of its facts, and a queue would only grow.
        if self.fault or not self._idle.is_set():
            return
        self._put(study)

    def end(self, study: StudyView) -> None:
        self._put(study)  # after a fault too, as it may have passed
        self._put(None)

    def wait(self, patience: float) -> None:
        self._thread.join(patience)
        if self._thread.is_alive():
            self.fault = self.fault or f"{label(self._tracker)}: still busy after {patience:g} s"

    def warn(self) -> None:
        """Print the tracker's fault, once."""
        if self.fault and not self._warned:
            self._warned = True
            way_out = "no run is delayed; `harness sync` copies what is missing"
            warn(f"{self.fault}; {way_out}")

    def _put(self, study: StudyView | None) -> None:
        self._idle.clear()
        self._views.put(study)
        if not self._thread.ident:
            self._thread.start()

    def _follow(self) -> None:
        while (study := self._views.get()) is not None:
            self.copy(study)
            self._idle.set()

    def copy(self, study: StudyView) -> None:
        try:
            with attributed_to(self._tracker):
                # Built here, in the thread, and kept: building may wait for a server, too.
                self._tracking = self._tracking or self._built()
                self._tracking.sync(study, self._ledger)
        except ComponentError as error:  # before HarnessError, of which it is one
            self.fault = _short(fault_line(self._plugins, error=error))
        except HarnessError as error:  # with a message of the tracker
            self.fault = _short(f"{label(self._tracker)}: {error}")
        except Exception as error:  # noqa: BLE001 - an error of memory must not end the thread in silence
            self.fault = _short(f"{label(self._tracker)}: {type(error).__name__}: {error}")

    def _built(self) -> Tracking:
        built: Any = self._tracker.build(out=self._out)
        if not isinstance(built, Tracking):
            refuse(f"must build a Tracking, {got_instead(built, of=Tracking)}", of=self._tracker)
        return built


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def copy_to_trackers(
    trackers: Sequence[Tracker],
    *,
    study: StudyView,
    out: Path,
    ledger: LedgerView,
    plugins: Plugins,
) -> list[str]:
    """Let trackers copy new facts, and wait for them; returns their faults, one line each."""
    faults = []
    for tracker in trackers:
        follower = _Follower(tracker, out=out, ledger=ledger, plugins=plugins)
        follower.copy(study)
        faults += [follower.fault] if follower.fault else []
    return faults


def tracker_page(trackers: Sequence[Tracker], *, out: Path) -> Page:
    """The page of the first tracker that has one; raises `HarnessError` if none has."""
    for tracker in trackers:
        with attributed_to(tracker):
            built = tracker.build(out=out)
        if isinstance(built, Page):
            return built
    way_out = "write `trackers: [mlflow]`, or leave `trackers` out"
    raise HarnessError(f"no tracker of this study has a page; {way_out}")
