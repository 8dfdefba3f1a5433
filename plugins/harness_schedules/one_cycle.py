"""One cycle: up once, and down below where it began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from harness.components import Schedule
from harness.components.options import PositiveFloat
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """One rise to `peak` and one fall far below where it began (Smith and Topin 2018).

    Of T updates, the first has peak / start_divisor, the peak stands at update rise * T, and the
    last has peak / start_divisor / end_divisor; between two of them, with x from 0 to 1, the rate
    is ``b + (a - b) * (1 + cos(pi * x)) / 2``, or straight where `anneal` is linear. Values and
    defaults are those of torch.optim.lr_scheduler.OneCycleLR, whose two phases are those of fastai;
    the paper's are linear. The paper turns momentum against the rate; here an optimizer keeps its
    momentum, which is torch's ``cycle_momentum=False``.
    """

    name = "one_cycle"

    peak: PositiveFloat
    rise: Annotated[float, Gt(0), Lt(1)] = 0.3
    start_divisor: Annotated[float, Ge(1)] = 25.0
    end_divisor: Annotated[float, Ge(1)] = 1e4
    anneal: Literal["cosine", "linear"] = "cosine"

    def build(self, setting: Setting) -> Rate:
        """A budget so short that the peak would come before update 1 begins at the peak."""
        top = max(1.0, self.rise * setting.updates)
        start = self.peak / self.start_divisor
        end = start / self.end_divisor

        def rate(update: int) -> float:
            if update < top:
                return self._between(start, end=self.peak, share=(update - 1) / (top - 1))
            share = (update - top) / max(1.0, setting.updates - top)
            return self._between(self.peak, end=end, share=min(1.0, share))

        return rate

    def _between(self, start: float, *, end: float, share: float) -> float:
        left = (1 + math.cos(math.pi * share)) / 2 if self.anneal == "cosine" else 1 - share
        return end + (start - end) * left
