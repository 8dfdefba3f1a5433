"""Adam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import PositiveFloat, ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Steps by the debiased running mean of gradients over the root of that of their squares.

    With gradient g, rate r and step s from 1 (Kingma and Ba 2015, algorithm 1)::

        m = b1*m + (1-b1)*g         v = b2*v + (1-b2)*g^2
        weight -= r * m/(1-b1^s) / (sqrt(v/(1-b2^s)) + eps)

    The defaults are those of Vaswani et al. 2017, section 5.3 (torch's are 0.999 and 1e-8). Weight
    decay is a regularizer, `weight_decay`.
    """

    name = "adam"

    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.98)
    eps: PositiveFloat = 1e-9

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            # The fused kernel is the fastest of torch's three on the CPU, and deterministic. It
            # reads gradients in memory order, so a gradient must keep its parameter's layout, as
            # backward() leaves it.
            return torch.optim.Adam(
                [dict(group) for group in groups],
                lr=0.0,
                betas=self.betas,
                eps=self.eps,
                fused=True,
            )

        return make
