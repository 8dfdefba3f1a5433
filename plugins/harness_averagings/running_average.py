"""A running average of the weights, shared by `ema` and `swa`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch


class RunningAverage:
    """average += share(update) * (weights - average); satisfies `Averager`.

    An update whose share is 0 is ignored; the first other one initializes the average. A share of 1
    replaces the average, bit for bit.
    """

    def __init__(self, share: Callable[[int], float]) -> None:
        self._share = share
        self._average: dict[str, torch.Tensor] = {}

    def update(self, weights: Mapping[str, torch.Tensor], update: int) -> None:
        share = self._share(update)
        # Not lerp by 1, which makes NaN of an average that is infinite.
        if share == 1 or (share and not self._average):
            self.restore(weights)
        elif share:
            for name, weight in weights.items():
                self._average[name].lerp_(weight, share)

    def weights(self) -> Mapping[str, torch.Tensor] | None:
        return self._average or None

    def state(self) -> Mapping[str, torch.Tensor]:
        return self._average

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        # Copies: the optimizer changes the weights in place, and `update` the average.
        self._average = {name: weight.detach().clone() for name, weight in state.items()}
