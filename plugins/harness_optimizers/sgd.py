"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Optimizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Steps against the gradient, optionally with momentum.

    With gradient g and rate r (Robbins and Monro 1951; momentum: Polyak 1964; Nesterov's: Sutskever
    et al. 2013)::

        b = momentum*b + g
        weight -= r * b                     or, if nesterov, r * (g + momentum*b)

    As in torch the rate is outside the momentum buffer: a change of the rate also scales the
    momentum accumulated so far, so a schedule takes effect at once.
    """

    name = "sgd"

    momentum: ProbabilityBelowOne = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        # torch raises this error too, but when the run starts and not when the study is read.
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return torch.optim.SGD(
                # Copies, since torch adds keys of its own to the dictionaries.
                [dict(group) for group in groups],
                lr=0.0,
                momentum=self.momentum,
                nesterov=self.nesterov,
            )

        return make
