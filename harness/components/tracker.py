"""Slot `trackers`: copies of runs where people watch them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Tracking


@dataclass(frozen=True, kw_only=True)
class Tracker(Component):
    """Copies the ledger, which stays the truth: a tracker may be lost and filled again from it.

    A tracker changes no result and is no part of what a run is. One whose `build` gives a
    ``harness.contracts.Page`` is what ``harness ui`` shows.
    """

    slot: ClassVar[str] = "trackers"
    hook: ClassVar[str] = "harness_trackers"
    changes_results: ClassVar[bool] = False

    @abstractmethod
    def build(self, *, out: Path) -> Tracking:
        """A tracker that may keep what it needs below `out`, the folder of all results.

        It has one method, ``sync(study, ledger)``, called every few seconds and when the report is
        written: copy what is new, and nothing twice. `study` is a `StudyView`: its `name`, its
        `runs` (each with `variant`, `seed`, `digest`, `options` and, in the end, `scores`), and a
        `summary` once there is a report. `ledger`, a `LedgerView`, is asked by digest: ``running``,
        ``updates``, ``measurements``, ``outcome`` (None until training has ended) and, by the run's
        `evaluation` too, ``evaluated`` (None until the run is decoded and scored, which is later).
        All of these are in ``harness.contracts``.
        """
