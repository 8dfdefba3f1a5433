"""The one-cycle schedule."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from harness.components import Schedule
from harness.components.options import PositiveFloat, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Rises once to `peak`, then falls far below its initial rate (Smith and Topin 2018).

    Of T updates, the first has the rate peak / start_divisor, update rise * T has the peak, and the
    last has peak / start_divisor / end_divisor. Between rates a and b, with x from 0 to 1, it is
    ``b + (a - b) * (1 + cos(pi * x)) / 2``, or linear if `anneal` is ``linear``. Values and
    defaults are those of torch.optim.lr_scheduler.OneCycleLR, whose two phases are those of fastai;
    the paper's are linear. The paper cycles momentum inversely to the rate; here an optimizer's
    momentum is constant, as with torch's ``cycle_momentum=False``.
    """

    name = "one_cycle"

    peak: PositiveFloat
    rise: Annotated[float, Gt(0), Lt(1)] = 0.3
    start_divisor: Annotated[float, Ge(1)] = 25.0
    end_divisor: Annotated[float, Ge(1)] = 1e4
    anneal: Literal["cosine", "linear"] = "cosine"

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.start_divisor == self.end_divisor == 1:
            reason = "with both divisors 1 the rate is constant"
            yield from unused_options(
                self, "rise", "anneal", reason=reason, instead="raise a divisor"
            )

    def build(self, setting: Setting) -> Rate:
        """The rate by update; it starts at the peak if `rise` of the budget is below one update."""
        # Not rounded, as in torch: the peak may fall between two updates.
        top = max(1.0, self.rise * setting.updates)
        start = self.peak / self.start_divisor
        end = start / self.end_divisor

        def rate(update: int) -> float:
            if update < top:
                # No division by 0: an update below the top means that it is above 1.
                return self._anneal(start, end=self.peak, progress=(update - 1) / (top - 1))
            # At least 1, for a rise over the whole budget, which leaves nothing to fall over.
            progress = (update - top) / max(1.0, setting.updates - top)
            return self._anneal(self.peak, end=end, progress=min(1.0, progress))

        return rate

    def _anneal(self, start: float, *, end: float, progress: float) -> float:
        cosine = self.anneal == "cosine"
        remaining = (1 + math.cos(math.pi * progress)) / 2 if cosine else 1 - progress
        return end + (start - end) * remaining
