"""Slot `averaging`: averages of the weights, evaluated in their place."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Averager, Setting


@dataclass(frozen=True, kw_only=True)
class Averaging(Component):
    """Averages weights over updates; the average is evaluated, stored and started from."""

    slot: ClassVar[str] = "averaging"
    hook: ClassVar[str] = "harness_averagings"

    @abstractmethod
    def build(self, setting: Setting) -> Averager:
        """An averager that has seen nothing yet."""

    def caution(self, *, updates: int) -> str | None:
        """Words for the plan where this budget makes another average than is meant, with ways out.

        None where there is nothing to say.
        """
        return None
