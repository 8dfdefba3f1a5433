"""Slot `schedule`: the learning rate, update by update."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Schedule(Component):
    """From the number of an update, counted from 1, to the learning rate itself."""

    slot: ClassVar[str] = "schedule"
    hook: ClassVar[str] = "harness_schedules"

    @abstractmethod
    def build(self, setting: Setting) -> Rate:
        """``rate(update)``, an absolute rate, never negative."""
