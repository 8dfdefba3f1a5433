"""Stochastic weight averaging."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Averaging
from harness.components.options import PositiveInt, ProbabilityBelowOne
from harness.contracts import Averager, Setting
from harness.errors import HarnessError
from harness_averagings.running import RunningAverage


@dataclass(frozen=True, kw_only=True)
class SWA(Averaging):
    """The plain mean of the weights after every `every`-th update of the end of the budget.

    After the share `start` of the budget, average += (weights - average) / (n + 1), n being how
    many were taken in before (Izmailov et al. 2018, algorithm 1). Until the first is taken in, the
    last weights are evaluated. The paper's rate is constant or cyclic from the start of averaging
    on, which is the `schedule`'s part here: under a rate that falls to 0 there is little to
    average. The default `start` is the paper's. There is no batch normalization to be made good.
    """

    name = "swa"

    start: ProbabilityBelowOne = 0.75
    every: PositiveInt = 1

    def build(self, setting: Setting) -> Averager:
        """Raises `HarnessError` where the budget ends before anything is taken in."""
        begin = int(self.start * setting.updates)
        if begin + self.every > setting.updates:
            raise HarnessError(
                f"averaging swa: nothing is averaged in the {setting.updates - begin} updates from "
                f"start to end; every must be at most that, got {self.every}"
            )

        def share(update: int) -> float:
            taken, between = divmod(max(0, update - begin), self.every)
            return 1 / taken if taken and not between else 0.0

        return RunningAverage(share)
