"""ULMFiT's slanted triangular schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from harness.components import Schedule
from harness.components.options import PositiveFloat, count_of_share, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class SlantedTriangular(Schedule):
    """A short linear rise to `peak`, then a long linear decay (Howard and Ruder 2018, ULMFiT).

    Section 3.2, equation 3: for update s of T, from 1, with the peak at cut = floor(T * `cut`)::

        p = s / cut                          s < cut
        p = 1 - (s - cut) / (T - cut)        s >= cut
        lr(s) = peak * (1 + p * (ratio - 1)) / ratio

    It starts just above peak / ratio and ends at peak / ratio. The paper's denominator of the decay
    is cut * (1 / `cut` - 1), which equals T - cut if T * `cut` is an integer; otherwise the paper's
    schedule reaches its end early and goes on to negative rates (T = 19 at a cut of 0.1). A budget
    too short for a rise has its peak at update 1.
    """

    name = "slanted_triangular"
    bare = "peak"

    peak: PositiveFloat = 0.01
    cut: Annotated[float, Gt(0), Lt(1)] = 0.1
    ratio: Annotated[float, Ge(1)] = 32.0

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.ratio == 1:
            reason = "with a ratio of 1 the rate is constant"
            yield from unused_options(self, "cut", reason=reason, instead="raise ratio")

    def build(self, setting: Setting) -> Rate:
        # The floor of the cut as it is written: 0.29 * 100 is below 29 in floating point.
        top = max(1, count_of_share(self.cut, of=setting.updates))
        # At least 1, for a budget that ends at the peak.
        decay_updates = max(1, setting.updates - top)

        def rate(update: int) -> float:
            p = update / top if update < top else max(0.0, 1 - (update - top) / decay_updates)
            return self.peak * (1 + p * (self.ratio - 1)) / self.ratio

        return rate
