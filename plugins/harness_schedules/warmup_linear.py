"""Linear warmup, then a linear fall."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupLinear(Schedule):
    """Rises linearly to `peak` at update `warmup`, then falls linearly to `end` at the last.

    For update s from 1, of T in the budget and w in the warmup (Devlin et al. 2019, BERT, appendix
    A.2)::

        lr(s) = peak * s / w                                 s <= w
        lr(s) = peak - (peak - end) * (s - w) / (T - w)      s > w

    The last update has the rate `end`: with an end of 0 it moves nothing. Another budget is another
    schedule.
    """

    name = "warmup_linear"

    warmup: PositiveInt
    peak: PositiveFloat
    end: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        if self.end > self.peak:
            raise ValueError(f"end must be at most peak, got {self.end} and {self.peak}")

    def build(self, setting: Setting) -> Rate:
        """The fall has what the warmup leaves of the budget, if it leaves anything."""
        steps = setting.updates - self.warmup

        def rate(update: int) -> float:
            if update <= self.warmup:
                return self.peak * update / self.warmup
            done = min(1.0, (update - self.warmup) / steps)
            return self.peak - (self.peak - self.end) * done

        return rate
