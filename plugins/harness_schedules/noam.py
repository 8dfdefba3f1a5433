"""The schedule of the first Transformer, known as Noam."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Noam(Schedule):
    """lr(s) = factor * d_model^-0.5 * min(s^-0.5, s * warmup^-1.5), s >= 1 (Vaswani et al. 2017).

    Section 5.3. s is the number of the update. The rate rises linearly until s = warmup, where it
    is factor * (d_model * warmup)^-0.5, and falls as s^-0.5 after it. A wider model's is lower.
    The Annotated Transformer's loop uses s = 1 for two updates, and is one update late ever after:
    so is this one where it is `late`, to repeat what was trained so.
    """

    name = "noam"

    warmup: PositiveInt = 4000
    factor: PositiveFloat = 1.0
    late: bool = False

    def build(self, setting: Setting) -> Rate:
        scale: float = self.factor * setting.d_model**-0.5

        def rate(update: int) -> float:
            step = max(1, update - self.late)
            share: float = min(step**-0.5, step * self.warmup**-1.5)
            return scale * share

        return rate
