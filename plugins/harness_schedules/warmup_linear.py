"""Linear warmup, then linear decay."""

from __future__ import annotations

from dataclasses import dataclass

from harness_schedules.warmup_decay import WarmupDecay


@dataclass(frozen=True, kw_only=True)
class WarmupLinear(WarmupDecay):
    """Rises linearly to `peak` at update `warmup`, then decays linearly to `end` at the last.

    For update s from 1, with T updates in the budget and w in the warmup (Devlin et al. 2019, BERT,
    appendix A.2)::

        lr(s) = peak * s / w                                 s <= w
        lr(s) = peak - (peak - end) * (s - w) / (T - w)      s > w

    The last update has the rate `end`: with an end of 0 it changes nothing. The schedule depends on
    the budget.
    """

    name = "warmup_linear"

    def decayed(self, progress: float) -> float:
        """The rate after a share of the decay."""
        return self.peak - (self.peak - self.end) * progress
