"""RMSProp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import PositiveFloat, ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """Steps by the gradient over the root of the running mean of its squares.

    With gradient g and rate r (Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013,
    equations 38 to 45)::

        v = alpha*v + (1-alpha)*g^2
        c = alpha*c + (1-alpha)*g   if centered, otherwise 0
        b = momentum*b + g / (sqrt(v - c^2) + eps)
        weight -= r * b

    Unlike `adam` it is not debiased: v starts at 0, so the first step is 1/sqrt(1-alpha) times the
    rate, ten times by default. eps is added outside the root, as in torch (TensorFlow: inside).
    """

    name = "rmsprop"

    alpha: ProbabilityBelowOne = 0.99
    eps: PositiveFloat = 1e-8
    momentum: ProbabilityBelowOne = 0.0
    centered: bool = False

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return torch.optim.RMSprop(
                [dict(group) for group in groups],
                lr=0.0,
                alpha=self.alpha,
                eps=self.eps,
                momentum=self.momentum,
                centered=self.centered,
            )

        return make
