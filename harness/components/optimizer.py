"""Slot `optimizer`: gradients to steps."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class Optimizer(Component):
    """A torch optimizer over parameter groups.

    The core sets each group's ``lr`` before every step, from the schedule and the group's multiple.
    """

    slot: ClassVar[str] = "optimizer"
    hook: ClassVar[str] = "harness_optimizers"

    @abstractmethod
    def build(self, setting: Setting) -> MakeOptimizer:
        """A function from torch parameter groups to an optimizer."""
