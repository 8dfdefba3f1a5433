"""The mean of the last checkpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from harness.components import Averaging
from harness.components.options import PositiveInt
from harness.contracts import Averager, Setting
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class LastK(Averaging):
    """The plain mean of the last `count` checkpoints, one of which is taken every `every` updates.

    mean = sum_i weights_i / K over the K checkpoints so far, at most `count` (Vaswani et al. 2017,
    section 6.1: the last 5, ten minutes apart, and 20 for the big model; fairseq's
    ``average_checkpoints``). Before the first checkpoint the current weights are evaluated. It
    needs memory for `count` copies of the model. With ``every: 1`` and ``count: 1`` it is the last
    weights.
    """

    name = "last_k"

    every: PositiveInt
    count: PositiveInt = 5

    def build(self, setting: Setting) -> Averager:
        """An averager; raises `HarnessError` if the budget ends before the first checkpoint."""
        if self.every > setting.updates:
            raise HarnessError(
                f"averaging last_k: no checkpoint is taken in {setting.updates} updates; "
                f"every must be at most that, got {self.every}"
            )
        return _Checkpoints(self)


class _Checkpoints:
    """Copies of the weights, oldest first; satisfies `Averager`."""

    def __init__(self, options: LastK) -> None:
        self._every = options.every
        self._kept: deque[dict[str, torch.Tensor]] = deque(maxlen=options.count)

    def update(self, weights: Mapping[str, torch.Tensor], update: int) -> None:
        if update % self._every == 0:
            # Copies: the optimizer changes the weights themselves in place.
            self._kept.append({name: weight.detach().clone() for name, weight in weights.items()})

    def weights(self) -> Mapping[str, torch.Tensor] | None:
        if not self._kept:
            return None
        return {
            # Parameter by parameter: the copies are never in memory a second time all at once.
            name: torch.stack([checkpoint[name] for checkpoint in self._kept]).mean(dim=0)
            for name in self._kept[-1]
        }

    def state(self) -> Mapping[str, torch.Tensor]:
        # One flat mapping of tensors, as `Averager` requires: the key is "index name".
        return {
            f"{index} {name}": weight
            for index, checkpoint in enumerate(self._kept)
            for name, weight in checkpoint.items()
        }

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        checkpoints: dict[int, dict[str, torch.Tensor]] = {}
        for key, weight in state.items():
            index, _, name = key.partition(" ")
            checkpoints.setdefault(int(index), {})[name] = weight.detach().clone()
        # Oldest first again, since the deque discards from that end.
        self._kept.clear()
        self._kept.extend(checkpoints[index] for index in sorted(checkpoints))
