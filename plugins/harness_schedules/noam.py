"""The schedule of the original Transformer, known as Noam."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Noam(Schedule):
    """lr(s) = factor * d_model^-0.5 * min(s^-0.5, s * warmup^-1.5), s >= 1 (Vaswani et al. 2017).

    Section 5.3. s is the update number. The rate rises linearly to its peak of
    factor * (d_model * warmup)^-0.5 at s = warmup, then decays as s^-0.5. Wider models get lower
    rates. The Annotated Transformer's loop uses s = 1 for its first two updates and lags one update
    behind from then on; `late` reproduces that.
    """

    name = "noam"

    warmup: PositiveInt = 4000
    factor: PositiveFloat = 1.0
    late: bool = False

    def build(self, setting: Setting) -> Rate:
        scale: float = self.factor * setting.d_model**-0.5

        def rate(update: int) -> float:
            # LambdaLR counts completed updates, from 0, for which that program puts in 1.
            step = max(1, update - self.late)
            curve: float = min(step**-0.5, step * self.warmup**-1.5)
            return scale * curve

        return rate
