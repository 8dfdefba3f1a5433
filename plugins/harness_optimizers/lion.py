"""Lion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        # Deferred: the module defines a torch optimizer, and so would load torch for every command.
        from harness_optimizers.lion_steps import LionSteps

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return LionSteps(groups, options=self)

        return make
