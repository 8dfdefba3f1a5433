"""Linear warmup, then a decay over the rest of the budget: the base of two schedules."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupDecay(Schedule):
    """Rises linearly to `peak` at update `warmup`, then decays to `end` at the last update."""

    warmup: PositiveInt
    peak: PositiveFloat
    end: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        if self.end > self.peak:
            raise ValueError(f"end must be at most peak, got {self.end} and {self.peak}")

    @abstractmethod
    def decayed(self, progress: float) -> float:
        """The rate after a share of the decay, from 0 (`peak`) to 1 (`end`)."""

    def build(self, setting: Setting) -> Rate:
        """The rate by update; the decay spans the updates after the warmup, if there are any."""
        decay_updates = setting.updates - self.warmup

        def rate(update: int) -> float:
            if update <= self.warmup:
                return self.peak * update / self.warmup
            # No division by 0: an update after the warmup means that there are some.
            return self.decayed(min(1.0, (update - self.warmup) / decay_updates))

        return rate
