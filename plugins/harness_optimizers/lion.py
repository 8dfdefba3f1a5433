"""Lion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import NonNegativeFloat, ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class Lion(Optimizer):
    """Steps by the sign of a running mean of gradients: every weight moves by the rate itself.

    With gradient g and rate r (Chen et al. 2023, algorithm 2)::

        c = b1*m + (1-b1)*g
        weight -= r * (sign(c) + weight_decay * weight)
        m = b2*m + (1-b2)*g

    The mean that is kept forgets more slowly than the one that is stepped by. It keeps one number
    per weight, `adam` two. The paper's rate is 3 to 10 times smaller than AdamW's, and its
    `weight_decay` as many times larger; for the default of 0 the decay may also be a regularizer.
    A weight whose gradients have all been 0 does not move, as sign(0) is 0.
    """

    name = "lion"

    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.99)
    weight_decay: NonNegativeFloat = 0.0

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return _Lion(groups, options=self)

        return make


class _Lion(torch.optim.Optimizer):
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
