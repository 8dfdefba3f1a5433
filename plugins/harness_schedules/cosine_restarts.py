"""Cosine decay with warm restarts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class CosineRestarts(Schedule):
    """Half a cosine wave from `peak` toward `end`, begun again at the peak (SGDR).

    For update s from 1, in a cycle of T updates before which there were s0 (Loshchilov and Hutter
    2017, equation 5)::

        lr(s) = end + (peak - end) * (1 + cos(pi * (s - 1 - s0) / T)) / 2

    The first cycle has `cycle` updates, each later one `growth` times as many as the one before. It
    equals torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, in which too no update has the rate
    `end` itself: it would be the next one's. Where a cycle ends does not depend on the budget, so
    weights are best taken at the end of a whole one: 1, 3, 7 or 15 times `cycle` with a growth of
    2. The decay alone, over one budget and after a warmup, is `warmup_cosine`.
    """

    name = "cosine_restarts"

    peak: PositiveFloat
    cycle: PositiveInt
    growth: Annotated[int, Ge(1)] = 1
    end: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        if self.end > self.peak:
            raise ValueError(f"end must be at most peak, got {self.end} and {self.peak}")

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.end == self.peak:
            reason = "with an end of the peak the rate is constant"
            yield from unused_options(self, "growth", reason=reason, instead="lower end")

    def build(self, setting: Setting) -> Rate:
        def rate(update: int) -> float:
            done, length = update - 1, self.cycle
            # Integers, unlike torch's logarithm, are exact at the first update of a cycle.
            if self.growth == 1:
                done %= length
            while done >= length:
                done, length = done - length, length * self.growth
            return self.end + (self.peak - self.end) * (1 + math.cos(math.pi * done / length)) / 2

        return rate
