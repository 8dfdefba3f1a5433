"""Slot `parameter_groups`: a multiple of the learning rate for each parameter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import ParameterGroup, Setting


@dataclass(frozen=True, kw_only=True)
class ParameterGroups(Component):
    """Splits the parameters into groups, each with its multiple of the schedule's rate."""

    slot: ClassVar[str] = "parameter_groups"
    hook: ClassVar[str] = "harness_parameter_groups"

    @abstractmethod
    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        """A function from all parameter names to groups; every name in exactly one of them."""
