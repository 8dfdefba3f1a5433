"""Schedule-free AdamW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        # Deferred: the module defines a torch optimizer, and so would load torch for every command.
        from harness_optimizers.schedule_free_adamw_steps import ScheduleFreeSteps

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return ScheduleFreeSteps(groups, options=self)

        return make
