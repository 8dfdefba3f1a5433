"""The confidence penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Regularizer
from harness.components.options import NonNegativeFloat
from harness.contracts import Prediction, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class ConfidencePenalty(Regularizer):
    """Penalizes confident predictions, those of low entropy (Pereyra et al. 2017).

    L = NLL - beta * H(p), with H(p) = -sum_k p_k ln p_k in nats, summed over target tokens and
    averaged over passes. Up to a constant it is beta * KL(p || uniform); label smoothing is the
    divergence in the other direction. The default `beta` is from memory of the paper, not verified.
    """

    name = "confidence_penalty"
    bare = "beta"

    beta: NonNegativeFloat = 0.1

    def build(self, setting: Setting) -> Regularization:
        """A penalty, or nothing if `beta` is 0."""
        return Regularization(penalty=self._penalty) if self.beta else Regularization()

    def _penalty(self, predictions: Sequence[Prediction]) -> Float[torch.Tensor, ""]:
        entropies = [_entropy(prediction.logits) for prediction in predictions]
        return -self.beta * torch.stack(entropies).mean()


def _entropy(logits: Float[torch.Tensor, "tokens classes"]) -> Float[torch.Tensor, ""]:
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum()
