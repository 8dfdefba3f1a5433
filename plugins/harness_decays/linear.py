"""Linear decay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.components import Decay
from harness.components.options import PositiveInt, Probability, unused_options
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Linear(Decay):
    """Decreases linearly from `start` to `end` (Bengio et al. 2015, section 2.4).

    decay(i) = end + (start - end) * max(0, 1 - (i - 1) / (n - 1)), where i is the update number,
    from 1, and n is `over`, by default the number of updates in the budget: `start` at update 1,
    `end` from update n on.
    """

    name = "linear"

    start: Probability = 1.0
    end: Probability = 0.0
    over: PositiveInt | None = None

    def __post_init__(self) -> None:
        if self.end > self.start:
            raise ValueError(f"end must be at most start, got {self.end} and {self.start}")

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.end == self.start:
            reason = "start and end are the same"
            yield from unused_options(
                self, "over", reason=reason, instead="lower end, or use constant"
            )

    def build(self, setting: Setting) -> Rate:
        # At least 1, for a budget of one update: there is nothing to fall over.
        steps = max((self.over or setting.updates) - 1, 1)
        fall = self.start - self.end
        return lambda update: self.end + fall * max(0.0, 1 - (update - 1) / steps)
