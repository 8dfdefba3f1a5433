"""A piecewise constant schedule."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from harness.components import Schedule
from harness.components.options import PositiveFloat, PositiveInt
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class PiecewiseConstant(Schedule):
    """A constant rate per interval of updates: `rates` in order, switched after `boundaries`.

    lr(s) = rates[i] for boundaries[i-1] < s <= boundaries[i], s being the update number, from 1.
    With ``rates: [1e-3, 1e-4]`` and ``boundaries: [100]``, update 100 has 1e-3 and update 101 has
    1e-4. No paper is the first to use it; residual networks were trained with it (He et al. 2016,
    section 4.2).
    """

    name = "piecewise_constant"

    rates: tuple[PositiveFloat, ...]
    boundaries: tuple[PositiveInt, ...]

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.boundaries) + 1:
            raise ValueError(
                "rates must have one more value than boundaries, "
                f"got {len(self.rates)} and {len(self.boundaries)}"
            )
        # bisect needs them sorted, and gives wrong rates without an error otherwise.
        if any(boundary >= following for boundary, following in pairwise(self.boundaries)):
            raise ValueError(f"boundaries must increase, got {list(self.boundaries)}")

    def build(self, setting: Setting) -> Rate:
        # The left side: an update at a boundary still has the rate before it.
        return lambda update: self.rates[bisect_left(self.boundaries, update)]
