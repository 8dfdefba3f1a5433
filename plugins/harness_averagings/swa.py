"""Stochastic weight averaging."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Averaging
from harness.components.options import PositiveInt, ProbabilityBelowOne, count_of_share
from harness.contracts import Averager, Setting
from harness.errors import HarnessError
from harness_averagings.running_average import RunningAverage


@dataclass(frozen=True, kw_only=True)
class SWA(Averaging):
    """The plain mean of the weights, every `every` updates, over the last part of the budget.

    After the fraction `start` of the budget, average += (weights - average) / (n + 1), n being the
    number of weights averaged before (Izmailov et al. 2018, algorithm 1). Until the first is added,
    the current weights are evaluated. The paper's rate is constant or cyclic once averaging starts;
    here that is up to the `schedule`: with a rate that decays to 0 there is little to average. The
    default `start` is the paper's. The models have no batch normalization, so no statistics need
    updating.
    """

    name = "swa"

    start: ProbabilityBelowOne = 0.75
    every: PositiveInt = 1

    def build(self, setting: Setting) -> Averager:
        """An averager; raises `HarnessError` if the budget ends before any weights are averaged."""
        start = count_of_share(self.start, of=setting.updates)
        if start + self.every > setting.updates:
            raise HarnessError(
                f"averaging swa: nothing is averaged in the {setting.updates - start} updates "
                f"after start; every must be at most that, got {self.every}"
            )

        def share(update: int) -> float:
            count, remainder = divmod(max(0, update - start), self.every)
            # The newest of n + 1 weights has the share 1 / (n + 1) of their mean; `count` is n + 1.
            return 1 / count if count and not remainder else 0.0

        return RunningAverage(share)
