"""Linear warmup, then cosine decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness_schedules.warmup_decay import WarmupDecay


@dataclass(frozen=True, kw_only=True)
class WarmupCosine(WarmupDecay):
    """Rises linearly to `peak` at update `warmup`, then decays to `end` along half a cosine wave.

    For update s from 1, with T updates in the budget and w in the warmup (Loshchilov and Hutter
    2017, SGDR, equation 5, without restarts; the warmup is later practice)::

        lr(s) = peak * s / w                                                       s <= w
        lr(s) = end + (peak - end) * (1 + cos(pi * (s - w) / (T - w))) / 2         s > w

    The last update has the rate `end`: with an end of 0 it changes nothing. The schedule depends on
    the budget.
    """

    name = "warmup_cosine"

    def decayed(self, progress: float) -> float:
        """The rate after a share of the decay."""
        return self.end + (self.peak - self.end) * (1 + math.cos(math.pi * progress)) / 2
