"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import NonNegativeFloat, PositiveFloat
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """Steps by the gradient over the root of the sum of all squared gradients so far.

    With gradient g and rate r (Duchi, Hazan and Singer 2011, the diagonal case)::

        v = v + g^2                 v = initial before the first step
        weight -= r * g / (sqrt(v) + eps)

    The sum never decreases, so steps shrink as 1/sqrt(s) under any schedule. eps is added outside
    the root, as in torch.
    """

    name = "adagrad"

    initial: NonNegativeFloat = 0.0
    eps: PositiveFloat = 1e-10

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return torch.optim.Adagrad(
                [dict(group) for group in groups],
                lr=0.0,
                initial_accumulator_value=self.initial,
                eps=self.eps,
            )

        return make
