"""R-Drop: two noisy passes that must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from jaxtyping import Float

from harness.components import Regularizer
from harness.components.options import NonNegativeFloat
from harness.contracts import Prediction, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class RDrop(Regularizer):
    """Makes two passes with different noise agree on every token (Liang et al. 2021).

    L = (CE(p) + CE(q)) / 2 + alpha * (KL(p || q) + KL(q || p)) / 2, summed over target tokens;
    gradients flow through p and q. The authors' code adds the two cross-entropies instead of
    averaging them, so that its alpha is twice this one. Where another regularizer asks for more
    than two passes, every pair of them must agree, and the divergences are averaged.

    Without noise both passes are equal and the divergence is exactly 0. An update costs two.
    """

    name = "r_drop"
    bare = "alpha"

    alpha: NonNegativeFloat = 5.0

    def build(self, setting: Setting) -> Regularization:
        """Two passes and a penalty; an `alpha` of 0 asks for neither."""
        return Regularization(passes=2, penalty=self._penalty) if self.alpha else Regularization()

    def _penalty(self, predictions: Sequence[Prediction]) -> Float[torch.Tensor, ""]:
        logs = [each.logits.log_softmax(-1) for each in predictions]
        pairs = [_divergence(p, q=q) for p, q in combinations(logs, 2)]
        return self.alpha * torch.stack(pairs).mean()


def _divergence(
    p: Float[torch.Tensor, "tokens classes"], *, q: Float[torch.Tensor, "tokens classes"]
) -> Float[torch.Tensor, ""]:
    """(KL(p || q) + KL(q || p)) / 2 of log-probabilities: half the sum of (p - q) ln(p / q)."""
    return ((p.exp() - q.exp()) * (p - q)).sum() / 2
