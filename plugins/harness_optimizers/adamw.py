"""AdamW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import NonNegativeFloat, PositiveFloat, ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay, which does not pass through the moments.

    With gradient g, rate r and step s from 1 (Loshchilov and Hutter 2019, algorithm 2)::

        weight *= 1 - r * weight_decay
        m = b1*m + (1-b1)*g         v = b2*v + (1-b2)*g^2
        weight -= r * m/(1-b1^s) / (sqrt(v/(1-b2^s)) + eps)

    As in torch the decay is multiplied by the rate of the parameter's group, warmup included; the
    paper multiplies it by the schedule's fraction of its peak instead. It applies to every
    parameter, including vectors and normalizations. The defaults of betas and eps are `adam`'s,
    that of `weight_decay` is torch's; with a `weight_decay` of 0 it is `adam`.
    """

    name = "adamw"

    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.98)
    eps: PositiveFloat = 1e-9
    weight_decay: NonNegativeFloat = 0.01

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            # Fused for the reasons given in adam.py.
            return torch.optim.AdamW(
                [dict(group) for group in groups],
                lr=0.0,
                betas=self.betas,
                eps=self.eps,
                weight_decay=self.weight_decay,
                fused=True,
            )

        return make
