"""Linear warmup, then linear decay."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupLinear(Schedule):
    """Rises linearly to `peak` at update `warmup`, then decays linearly to `end` at the last.

    For update s from 1, with T updates in the budget and w in the warmup (Devlin et al. 2019, BERT,
    appendix A.2)::

        lr(s) = peak * s / w                                 s <= w
        lr(s) = peak - (peak - end) * (s - w) / (T - w)      s > w

    The last update has the rate `end`: with an end of 0 it changes nothing. The schedule depends on
    the budget.
    """

    name = "warmup_linear"

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
            return self.peak - (self.peak - self.end) * progress

        return rate
