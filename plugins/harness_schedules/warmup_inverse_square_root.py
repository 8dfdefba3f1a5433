"""Linear warmup, then inverse square root decay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import NonNegativeFloat, PositiveFloat, PositiveInt, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupInverseSquareRoot(Schedule):
    """Rises linearly from `start` to `peak` at update w, then decays: lr(s) = peak * sqrt(w / s).

    w is `warmup`, s the update number, from 1. With a start of 0 it is `noam` (Vaswani et al. 2017,
    section 5.3), except that its peak is an option rather than a function of the model's width:
    ``noam`` with a factor f peaks at f * (d_model * warmup)^-0.5. It is fairseq's ``inverse_sqrt``,
    with `start` for ``warmup_init_lr``; fairseq counts completed updates, so that its first update
    has the rate `start`.
    """

    name = "warmup_inverse_square_root"

    warmup: PositiveInt
    peak: PositiveFloat
    start: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        if self.start > self.peak:
            raise ValueError(f"start must be at most peak, got {self.start} and {self.peak}")

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.warmup == 1:
            reason = "with a warmup of 1 the first update has the peak"
            yield from unused_options(self, "start", reason=reason, instead="raise warmup")

    def build(self, setting: Setting) -> Rate:
        def rate(update: int) -> float:
            if update < self.warmup:
                return self.start + (self.peak - self.start) * update / self.warmup
            return self.peak * math.sqrt(self.warmup / update)

        return rate
