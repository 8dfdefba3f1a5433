"""Muon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from annotated_types import Gt, Le

from harness.components import Optimizer
from harness.components.options import (
    NonNegativeFloat,
    PositiveFloat,
    ProbabilityBelowOne,
    unused_options,
)
from harness.contracts import MakeOptimizer, Setting


@dataclass(frozen=True, kw_only=True)
class Muon(Optimizer):
    """Steps by the momentum with all its singular values near 1; AdamW for what is no matrix.

    With gradient G of a matrix with A rows and B columns, and rate r (Jordan et al. 2024, Muon; the
    factor and the decay: Liu et al. 2025, Muon is scalable for LLM training, equation 4)::

        M = momentum*M + (1-momentum)*G
        N = momentum*M + (1-momentum)*G                 if nesterov, otherwise M
        X = N / |N|, then `iterations` times, with S = X X^T:
            X = 3.4445*X - 4.775*S X + 2.0315*S^2 X     toward U V^T of the SVD of N
        W -= r * (f * X + weight_decay * W)

        f = 0.2 * sqrt(max(A, B))     scale: match_rms_adamw
        f = sqrt(max(1, A / B))       scale: original

    It is torch.optim.Muon, with the iteration in bfloat16 whatever the precision. With the default
    scale a step is about as large as one of AdamW, whose rates then fit; Jordan's own scale takes
    larger ones (0.02), and a small `adamw_rate` for the rest, as a multiple of the rate.

    Vectors, embeddings and the output projection are stepped by AdamW, with `betas`, `eps` and the
    same decay. They are known by their names, which the core gives as torch's `param_names`;
    without names, by the size of the target vocabulary.
    """

    name = "muon"

    momentum: ProbabilityBelowOne = 0.95
    nesterov: bool = True
    # torch refuses 100 and more.
    iterations: Annotated[int, Gt(0), Le(99)] = 5
    scale: Literal["match_rms_adamw", "original"] = "match_rms_adamw"
    weight_decay: NonNegativeFloat = 0.1
    betas: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.9, 0.98)
    eps: PositiveFloat = 1e-9
    adamw_rate: PositiveFloat = 1.0

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.momentum == 0:
            reason = "without momentum there is nothing to look ahead with"
            yield from unused_options(self, "nesterov", reason=reason, instead="raise momentum")

    def build(self, setting: Setting) -> MakeOptimizer:
        """A factory of the optimizer, with rate 0 until the core sets it."""
        # Deferred: the module defines a torch optimizer, and so would load torch for every command.
        from harness_optimizers.muon_steps import MuonSteps

        def make(groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
            return MuonSteps(groups, options=self, classes=setting.classes)

        return make
