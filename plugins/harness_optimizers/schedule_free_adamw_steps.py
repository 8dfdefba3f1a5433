"""Schedule-free AdamW's steps, a torch optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from harness_optimizers.schedule_free_adamw import ScheduleFreeAdamW


class ScheduleFreeSteps(torch.optim.Optimizer):
    """The parameters hold x, and y from `zero_grad`, which begins an update, to `step`."""

    def __init__(self, groups: Sequence[Mapping[str, Any]], *, options: ScheduleFreeAdamW) -> None:
        super().__init__([dict(group) for group in groups], {"lr": 0.0})
        self._options = options
        # No part of the state: between updates, when checkpoints are written, it is empty.
        self._averages: dict[torch.Tensor, torch.Tensor] = {}

    @torch.no_grad()
    def zero_grad(self, set_to_none: bool = True) -> None:  # noqa: FBT001, FBT002 - torch's own
        """Drop the gradients, and put y, where the next ones are taken, into the parameters."""
        super().zero_grad(set_to_none)
        self._leave_average()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closure
        """Move every parameter that has a gradient, and put x back into all."""
        self._leave_average()
        for group in self.param_groups:
            for weight in group["params"]:
                average = self._averages.pop(weight)
                if weight.grad is not None:
                    self._move(weight, average=average, rate=group["lr"])
                weight.copy_(average)

    def _leave_average(self) -> None:
        for weight in self._weights():
            if weight not in self._averages:
                self._averages[weight] = weight.detach().clone()
                weight.copy_(self._interpolated(weight, average=self._averages[weight]))

    def _weights(self) -> Iterator[torch.Tensor]:
        for group in self.param_groups:
            yield from group["params"]

    def _interpolated(self, weight: torch.Tensor, *, average: torch.Tensor) -> torch.Tensor:
        """The y of a parameter whose x is `average`."""
        iterate: torch.Tensor = self.state[weight].get("z", average)
        return iterate.lerp(average, self._options.betas[0])

    def _move(self, weight: torch.Tensor, *, average: torch.Tensor, rate: float) -> None:
        """One step of z, and of x in `average`; the parameter holds y."""
        assert weight.grad is not None
        gradient, state, options = weight.grad, self.state[weight], self._options
        # 0 to the bit where no regularizer has changed y.
        change = weight - self._interpolated(weight, average=average)
        if not state:
            state.update(z=average.clone(), squares=torch.zeros_like(weight), step=0, shares=0.0)
        state["step"] += 1
        squares, beta = state["squares"], options.betas[1]
        squares.mul_(beta).addcmul_(gradient, gradient, value=1 - beta)
        debiased = rate * math.sqrt(1 - beta ** state["step"])
        direction = gradient / squares.sqrt().add_(options.eps)
        direction.add_(weight, alpha=options.weight_decay)
        state["z"].add_(change).sub_(direction, alpha=debiased)
        state["shares"] += debiased**2
        if state["shares"]:  # not while every rate has been 0
            average.lerp_(state["z"], debiased**2 / state["shares"])
