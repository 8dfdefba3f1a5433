"""ULMFiT's slanted triangle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from harness.components import Schedule
from harness.components.options import PositiveFloat
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class SlantedTriangular(Schedule):
    """A short linear rise to `peak`, then a long linear fall (Howard and Ruder 2018, ULMFiT).

    Section 3.2, equation 3: for update s of T, from 1, with the peak at cut = floor(T * `cut`)::

        p = s / cut                          s < cut
        p = 1 - (s - cut) / (T - cut)        s >= cut
        lr(s) = peak * (1 + p * (ratio - 1)) / ratio

    It begins just above peak / ratio and ends there. The paper divides the fall by cut * (1 / `cut`
    - 1), which is T - cut wherever T * `cut` is whole; where it is not, the paper's ends early and
    goes on to negative rates (T = 19 at a cut of 0.1). A budget too short for a rise has its peak
    at update 1.
    """

    name = "slanted_triangular"
    bare = "peak"

    peak: PositiveFloat = 0.01
    cut: Annotated[float, Gt(0), Lt(1)] = 0.1
    ratio: Annotated[float, Ge(1)] = 32.0

    def build(self, setting: Setting) -> Rate:
        top = max(1, math.floor(setting.updates * self.cut))
        fall = max(1, setting.updates - top)

        def rate(update: int) -> float:
            p = update / top if update < top else max(0.0, 1 - (update - top) / fall)
            return self.peak * (1 + p * (self.ratio - 1)) / self.ratio

        return rate
