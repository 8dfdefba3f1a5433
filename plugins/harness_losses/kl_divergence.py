"""The Kullback-Leibler divergence from smoothed targets, as in the Annotated Transformer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness.components import Loss
from harness.components.options import ProbabilityBelowOne, unused_options
from harness.contracts import LossFunction, Setting
from harness_losses.label_smoothing import LabelSmoothing


@dataclass(frozen=True, kw_only=True)
class KLDivergence(Loss):
    """KL divergence of the model from smoothed targets: sum_t sum_k q_tk (log q_tk - log p_tk).

    The loss of the Annotated Transformer (Rush 2018), computed as `label_smoothing` minus the
    entropy of the targets, ``KL(q || p) = CE(q, p) - H(q)``. H(q) is a constant per token and does
    not depend on the weights, so the gradient equals that of `label_smoothing`, bit for bit; only
    the value is lower, reaching 0 when the model predicts q exactly. With K classes, e for
    `smoothing`, and the default `convention`, which is the Annotated Transformer's::

        H(q) = -(1 - e) ln(1 - e) - e ln(e / (K - 2))

    The other conventions are those of `label_smoothing`. With a smoothing of 0 it is cross-entropy.
    It is not a likelihood, so no perplexity can be computed from it.
    """

    name = "kl_divergence"
    bare = "smoothing"

    smoothing: ProbabilityBelowOne = 0.1
    convention: Literal["all", "others", "others_without_pad"] = "others_without_pad"

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.smoothing == 0:
            reason = "a smoothing of 0 gives no class a share"
            yield from unused_options(self, "convention", reason=reason, instead="raise smoothing")

    def build(self, setting: Setting) -> LossFunction:
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
        """The entropy of one token's target distribution, in nats."""
        # 0 ln 0 is 0 here, but math.log(0) raises an error.
        if self.smoothing == 0:
            return 0.0
        smoothed = classes - {"all": 0, "others": 1, "others_without_pad": 2}[self.convention]
        share = self.smoothing / smoothed
        others = smoothed - (self.convention == "all")  # there the gold class is smoothed too
        gold = 1 - others * share
        return -(gold * math.log(gold) + others * share * math.log(share))
