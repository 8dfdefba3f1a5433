"""Schedules: the learning rate over time."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Schedule
from harness.hookspecs import hookimpl
from harness_schedules.constant import Constant
from harness_schedules.noam import Noam


@hookimpl
def harness_schedules() -> Sequence[type[Schedule]]:
    """The schedules of this package."""
    return [Constant, Noam]
