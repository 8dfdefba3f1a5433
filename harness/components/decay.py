"""Slot `decay`: a number that falls over time, nested in a decoding policy."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Decay(Component):
    """From the number of an update, counted from 1, to a number from 0 to 1."""

    slot: ClassVar[str] = "decay"
    hook: ClassVar[str] = "harness_decays"

    @abstractmethod
    def build(self, setting: Setting) -> Rate:
        """``decay(update)``, never rising."""
