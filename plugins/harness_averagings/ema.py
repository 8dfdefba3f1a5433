"""The exponential moving average of the weights."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Averaging
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Averager, Setting
from harness_averagings.running_average import RunningAverage


@dataclass(frozen=True, kw_only=True)
class EMA(Averaging):
    """Exponential moving average: after every update, average = d * average + (1 - d) * weights.

    d is the `decay`. Polyak and Juditsky 1992 analyze the plain mean; this is the form of Tarvainen
    and Valpola 2017 and of torch's ``get_ema_multi_avg_fn``. It is initialized to the weights after
    update 1, and spans about 1 / (1 - decay) updates: a short budget needs a smaller `decay`, or a
    `ramp`, with d = min(decay, (1 + s) / (10 + s)) after update s, as in TensorFlow's with
    ``num_updates``. A decay of 0 keeps the last weights.
    """

    name = "ema"
    bare = "decay"

    decay: ProbabilityBelowOne = 0.999
    ramp: bool = False

    def build(self, setting: Setting) -> Averager:
        def share(update: int) -> float:
            ramp = (1 + update) / (10 + update) if self.ramp else 1.0
            # `RunningAverage` takes the share of the new weights, which is 1 - d.
            return 1 - min(self.decay, ramp)

        return RunningAverage(share)
