"""R-Drop: consistency of two passes with different noise."""

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
    """Penalizes the divergence between two passes with different noise (Liang et al. 2021).

    The paper's loss is CE(p) + CE(q) + alpha / 2 * (KL(p || q) + KL(q || p)), with an alpha of 5
    for translation. This is half of it, summed over target tokens, so that the loss at an alpha of
    0 is that of one pass::

        L = (CE(p) + CE(q)) / 2 + alpha / 4 * (KL(p || q) + KL(q || p))

    Gradients flow through p and q. Where the two cross-entropies are averaged and alpha / 2 is
    kept, as in the example of the authors' README, the same training has half of this alpha; their
    code for translation adds them, as the paper does, and its script has the alpha of 5. If another
    regularizer requires more than two passes, the divergence is averaged over all pairs.

    Without noise both passes are equal and the divergence is exactly 0. An update takes
    somewhat over twice as long as without R-Drop.
    """

    name = "r_drop"
    bare = "alpha"

    alpha: NonNegativeFloat = 5.0

    def build(self, setting: Setting) -> Regularization:
        """Two passes and a penalty, or nothing if `alpha` is 0."""
        return Regularization(passes=2, penalty=self._penalty) if self.alpha else Regularization()

    def _penalty(self, predictions: Sequence[Prediction]) -> Float[torch.Tensor, ""]:
        # Deferred: an autograd function is defined there, which would load torch for every command.
        from harness_regularizers.symmetric_divergence import symmetric_divergence

        log_probabilities = [prediction.logits.log_softmax(-1) for prediction in predictions]
        divergences = [symmetric_divergence(p, q=q) for p, q in combinations(log_probabilities, 2)]
        # It is half of the sum of both directions, so this is the alpha / 4 above.
        return self.alpha / 2 * torch.stack(divergences).mean()
