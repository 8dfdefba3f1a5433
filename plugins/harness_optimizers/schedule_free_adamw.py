"""Schedule-free AdamW."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import NonNegativeFloat, PositiveFloat, ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeAdamW(Optimizer):
    """AdamW that averages its weights as it goes, in place of a rate that decays.

    With rate r and step s from 1, gradients are taken at y and the model is x (Defazio et al. 2024,
    The Road Less Scheduled, algorithm 1)::

        y = (1-b1)*z + b1*x         g = gradient at y
        v = b2*v + (1-b2)*g^2       a = r * sqrt(1-b2^s)
        z -= a * (g / (sqrt(v) + eps) + weight_decay * y)
        x += (z - x) * a^2 / (sum of a^2 so far)

    x is what is evaluated, stored, averaged and started from; before the first step all three are
    the initial weights. Weights that regularizers change before a step, as `weight_decay` does, are
    y, and the change is made to z. It is meant for the schedules `constant` and `warmup_constant`:
    a falling rate would average twice. The defaults are the paper's, `weight_decay` is a study's.
    """

    name = "schedule_free_adamw"

    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.999)
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 0.0

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return _ScheduleFree(groups, options=self)

        return make


class _ScheduleFree(torch.optim.Optimizer):
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
        squares = state["squares"]
        squares.mul_(options.betas[1]).addcmul_(
            weight.grad, weight.grad, value=1 - options.betas[1]
        )
        debiased = rate * math.sqrt(1 - options.betas[1] ** state["step"])
        direction = gradient / squares.sqrt().add_(options.eps)
        direction.add_(weight, alpha=options.weight_decay)
        state["z"].add_(change).sub_(direction, alpha=debiased)
        state["shares"] += debiased**2
        if state["shares"]:  # not while every rate has been 0
            average.lerp_(state["z"], debiased**2 / state["shares"])
