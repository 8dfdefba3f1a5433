"""Linear warmup, a constant rate, then a decay over the last part of the budget."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Le

from harness.components import Schedule
from harness.components.options import (
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    count_of_share,
    unused_options,
)
from harness.contracts import Rate, Setting
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class WarmupStableDecay(Schedule):
    """Rises to `peak` at update `warmup`, stays there, and decays in the last share of the budget.

    For update s from 1, with T updates in the budget, w in the warmup and D = floor(`decay` * T)
    in the decay (Hu et al. 2024, MiniCPM, section 4.2, with three choices of f)::

        lr(s) = peak * s / w                               s <= w
        lr(s) = peak                                       w < s <= T - D
        lr(s) = end + (peak - end) * f((s - (T - D)) / D)  s > T - D

        f(x) = 1 - x          linear
        f(x) = 1 - sqrt(x)    square_root
        f(x) = (1 + cos(pi * x)) / 2    cosine

    A decay over a tenth of the budget is the paper's; there it is exponential. ``square_root`` is
    the cooldown "1-sqrt" of Hägele et al. 2024, who found it better than the linear one. The last
    update has the rate `end`: with an end of 0 it changes nothing. Up to T - D the schedule does
    not depend on the budget.
    """

    name = "warmup_stable_decay"

    warmup: PositiveInt
    peak: PositiveFloat
    decay: Annotated[float, Gt(0), Le(1)] = 0.1
    end: NonNegativeFloat = 0.0
    shape: Literal["linear", "square_root", "cosine"] = "linear"

    def __post_init__(self) -> None:
        if self.end > self.peak:
            raise ValueError(f"end must be at most peak, got {self.end} and {self.peak}")

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.end == self.peak:
            reason = "with an end of the peak the rate does not decay"
            yield from unused_options(self, "decay", "shape", reason=reason, instead="lower end")

    def build(self, setting: Setting) -> Rate:
        """The rate by update; raises `HarnessError` if warmup and decay exceed the budget."""
        decay_updates = count_of_share(self.decay, of=setting.updates)
        stable = setting.updates - decay_updates
        if self.warmup > stable:
            raise HarnessError(
                f"schedule warmup_stable_decay: of {setting.updates} updates the decay takes "
                f"{decay_updates}; warmup must be at most {stable}, got {self.warmup}"
            )

        def rate(update: int) -> float:
            if update <= stable:
                return self.peak * min(1.0, update / self.warmup)
            # No division by 0: an update after `stable` means that there are some.
            progress = min(1.0, (update - stable) / decay_updates)
            return self.end + (self.peak - self.end) * self._left(progress)

        return rate

    def _left(self, progress: float) -> float:
        """The share of the way from `end` to `peak` that is left, from 1 to 0."""
        if self.shape == "cosine":
            return (1 + math.cos(math.pi * progress)) / 2
        return 1 - (math.sqrt(progress) if self.shape == "square_root" else progress)
