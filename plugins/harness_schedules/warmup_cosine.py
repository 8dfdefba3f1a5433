"""Linear warmup, then cosine decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupCosine(Schedule):
    """Rises linearly to `peak` at update `warmup`, then decays to `end` along half a cosine wave.

    For update s from 1, with T updates in the budget and w in the warmup (Loshchilov and Hutter
    2017, SGDR, equation 5, without restarts; the warmup is later practice)::

        lr(s) = peak * s / w                                                       s <= w
        lr(s) = end + (peak - end) * (1 + cos(pi * (s - w) / (T - w))) / 2         s > w

    The last update has the rate `end`: with an end of 0 it changes nothing. The schedule depends on
    the budget.
    """

    name = "warmup_cosine"

    warmup: PositiveInt
    peak: PositiveFloat
    end: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        if self.end > self.peak:
            raise ValueError(f"end must be at most peak, got {self.end} and {self.peak}")

    def build(self, setting: Setting) -> Rate:
        """The rate by update; the decay spans the updates after the warmup, if there are any."""
        decay_updates = setting.updates - self.warmup

        def rate(update: int) -> float:
            if update <= self.warmup:
                return self.peak * update / self.warmup
            progress = min(1.0, (update - self.warmup) / decay_updates)
            return self.end + (self.peak - self.end) * (1 + math.cos(math.pi * progress)) / 2

        return rate
