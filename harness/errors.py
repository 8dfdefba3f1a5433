"""Errors that a user can fix, each one line: the place, the fault and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple


class HarnessError(Exception):
    """An error that the user can fix; the command line prints it without a traceback.

    `component` is the one that raised it, if one did.
    """

    component: object = None


class PluginError(HarnessError):
    """A plugin that cannot be used; the message names the plugin, the hook and the fault."""


class ComponentError(HarnessError):
    """A component that raised, or broke the contract of its slot.

    `component` is the one at fault; its plugin is looked up where there is a catalog.
    """

    def __init__(self, component: object, message: str) -> None:
        super().__init__(message)
        self.component = component


class Fault(NamedTuple):
    """One thing wrong with a study; a `warning` is of choices that are valid and do not help."""

    place: str  # file:line:column
    message: str
    severity: Literal["fault", "warning"] = "fault"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class StudyError(HarnessError):
    """Every fault of a study, all at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
