"""Linear warmup, then a constant rate."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class WarmupConstant(Schedule):
    """lr(s) = peak * min(1, s / warmup): a linear warmup, then a constant rate.

    s is the update number, from 1 (Goyal et al. 2017, section 2.2, gradual warmup). Loops that
    count completed updates, as torch's and Hugging Face's do, lag one update behind: their first
    update has rate 0 and changes nothing.
    """

    name = "warmup_constant"

    warmup: PositiveInt
    peak: PositiveFloat

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.peak * min(1.0, update / self.warmup)
