"""The Kullback-Leibler divergence from smoothed targets, as the Annotated Transformer has it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness import contracts
from harness.components import Loss
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Setting
from harness_losses.label_smoothing import LabelSmoothing


@dataclass(frozen=True, kw_only=True)
class KLDivergence(Loss):
    """KL divergence of the model from smoothed targets: sum_t sum_k q_tk (log q_tk - log p_tk).

    The loss of the Annotated Transformer (Rush 2018): `label_smoothing` less the entropy of the
    targets, ``KL(q || p) = CE(q, p) - H(q)``, and computed so. H(q) is the same for every token and
    depends on no weight: the gradient is that of `label_smoothing`, bit for bit, only the value is
    lower, and 0 where the model is as sure as the targets are. With K classes, e for `smoothing`,
    and as `convention` the program's own::

        H(q) = -(1 - e) ln(1 - e) - e ln(e / (K - 2))

    The other conventions are those of `label_smoothing`. Without smoothing it is cross-entropy. It
    is no likelihood: do not read a perplexity from it.
    """

    name = "kl_divergence"
    bare = "smoothing"

    smoothing: ProbabilityBelowOne = 0.1
    convention: Literal["all", "others", "others_without_pad"] = "others_without_pad"

    def build(self, setting: Setting) -> contracts.LossFunction:
        smoothed = LabelSmoothing(smoothing=self.smoothing, convention=self.convention)
        cross_entropy = smoothed.build(setting)
        entropy = self._entropy(setting.classes)

        def divergence(
            logits: Float[torch.Tensor, "tokens classes"],
            targets: Int[torch.Tensor, "tokens"],
        ) -> Float[torch.Tensor, ""]:
            return cross_entropy(logits, targets) - entropy * len(targets)

        return divergence

    def _entropy(self, classes: int) -> float:
        """Of one token's targets, in nats."""
        if self.smoothing == 0:
            return 0.0
        sharing = classes - {"all": 0, "others": 1, "others_without_pad": 2}[self.convention]
        share = self.smoothing / sharing
        rest = sharing - (self.convention == "all")  # gold has a share too there
        gold = 1 - rest * share
        return -(gold * math.log(gold) + rest * share * math.log(share))
