"""Linear warmup, then a constant rate."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupConstant(Schedule):
    """lr(s) = peak * min(1, s / warmup): a linear rise, and then no fall.

    s is the number of the update, from 1 (Goyal et al. 2017, section 2.2, gradual warmup). Loops
    that count the updates already made, as torch's and Hugging Face's do, are one update later:
    their first update has rate 0 and moves nothing.
    """

    name = "warmup_constant"

    warmup: PositiveInt
    peak: PositiveFloat

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.peak * min(1.0, update / self.warmup)
