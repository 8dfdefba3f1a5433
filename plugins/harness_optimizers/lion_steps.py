"""Lion's steps, a torch optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from harness_optimizers.lion import Lion


class LionSteps(torch.optim.Optimizer):
    """The running mean of every parameter, and its steps."""

    def __init__(self, groups: Sequence[Mapping[str, Any]], *, options: Lion) -> None:
        super().__init__([dict(group) for group in groups], {"lr": 0.0})
        self._options = options

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closure
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, rate=group["lr"])

    def _move(self, weight: torch.Tensor, *, rate: float) -> None:
        assert weight.grad is not None
        state = self.state[weight]
        mean = state.setdefault("mean", torch.zeros_like(weight))
        first, second = self._options.betas
        weight.mul_(1 - rate * self._options.weight_decay)
        weight.sub_(mean.lerp(weight.grad, 1 - first).sign_(), alpha=rate)
        mean.lerp_(weight.grad, 1 - second)
