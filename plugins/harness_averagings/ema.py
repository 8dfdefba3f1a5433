"""The exponential moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from harness.components import Averaging
from harness.components.options import ProbabilityBelowOne, count_of_share, unused_options
from harness.contracts import Averager, Rate, Setting
from harness_averagings.running_average import RunningAverage

_MOST_OF_FIRST = 0.05  # the share of the first weights from which the plan warns
_LEAST_RAMP = 0.25  # at step 2, as step 1 is the first weights themselves


@dataclass(frozen=True, kw_only=True)
class EMA(Averaging):
    """Exponential moving average: after every update, average = d * average + (1 - d) * weights.

    d is the `decay`. Polyak and Juditsky 1992 analyze the plain mean; this is the form of Tarvainen
    and Valpola 2017 and of torch's ``get_ema_multi_avg_fn``. It is initialized to the weights after
    update 1, and spans about 1 / (1 - decay) updates: of a short budget those first weights keep
    decay^(updates - 1), which is 74% for the default after 300 updates, and of which `harness plan`
    warns above 5%. Such a budget needs a smaller `decay`, or a `ramp`, with d = min(decay, (1 + s)
    / (10 + s)) after step s, as in TensorFlow's with ``num_updates``.

    With a `start`, averaging begins after that fraction of the budget, as in `swa`: until then the
    current weights are evaluated, and steps are counted from there. A decay of 0 keeps the last
    weights.
    """

    name = "ema"
    bare = "decay"

    decay: ProbabilityBelowOne = 0.999
    ramp: bool = False
    start: ProbabilityBelowOne = 0.0

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.decay == 0:
            reason = "a decay of 0 keeps the last weights"
            yield from unused_options(self, "ramp", "start", reason=reason, instead="raise decay")
        elif self.decay <= _LEAST_RAMP:
            reason = f"the ramp begins at {_LEAST_RAMP}, and a decay of {self.decay:g} is not above"
            yield from unused_options(self, "ramp", reason=reason, instead="raise decay")

    def build(self, setting: Setting) -> Averager:
        """A running average whose first weights are those of the update after `start`."""
        return RunningAverage(self._share(setting.updates))

    def caution(self, *, updates: int) -> str | None:
        """The share of its first weights in the last average, where it is above 5%."""
        first, share = self._first(updates), self._share(updates)
        kept = math.prod(1 - share(update) for update in range(first + 1, updates + 1))
        if kept <= _MOST_OF_FIRST or first == updates:  # the first are the last
            return None
        ways = "a lower decay" if self.ramp else "a lower decay, or ramp: true"
        return (
            f"{self.name} with a decay of {self.decay:g} keeps {kept:.0%} of the weights after "
            f"update {first} to the end of the budget, update {updates}; use {ways}"
        )

    def _first(self, updates: int) -> int:
        return count_of_share(self.start, of=updates) + 1

    def _share(self, updates: int) -> Rate:
        """The share of the weights after an update in the average; 0 before the first one."""
        before = self._first(updates) - 1

        def share(update: int) -> float:
            step = update - before
            if step < 1:
                return 0.0
            ramp = (1 + step) / (10 + step) if self.ramp else 1.0
            # `RunningAverage` takes the share of the new weights, which is 1 - d.
            return 1 - min(self.decay, ramp)

        return share
