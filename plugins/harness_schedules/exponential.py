"""Exponential decay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """lr(s) = learning_rate * base^((s - 1) / every): multiplied by `base` every `every` updates.

    s is the update number, from 1, so the first update has `learning_rate` itself. The decay is
    smooth; for a staircase use `piecewise_constant`. No paper is the first to use it.
    """

    name = "exponential"

    learning_rate: PositiveFloat
    base: Annotated[float, Gt(0), Le(1)]
    every: PositiveInt = 1

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.base == 1:
            reason = "with a base of 1 the rate is constant"
            yield from unused_options(self, "every", reason=reason, instead="lower base")

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.learning_rate * self.base ** ((update - 1) / self.every)
