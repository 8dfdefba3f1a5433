"""A constant learning rate."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """lr(s) = learning_rate, from the first update to the last.

    For a comparison with another schedule, that schedule's mean over the budget is a natural rate.
    """

    name = "constant"
    bare = "learning_rate"

    learning_rate: PositiveFloat

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.learning_rate
