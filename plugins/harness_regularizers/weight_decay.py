"""Weight decay, decoupled or as an L2 penalty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from harness.components import Regularizer
from harness.components.options import NonNegativeFloat
from harness.contracts import Parameters, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class WeightDecay(Regularizer):
    """Pulls matrices towards 0, apart from the gradient (Loshchilov & Hutter 2019) or within it.

    ``decoupled``: w <- (1 - lr * rate) w just before the optimizer's step, where lr is the
    schedule's rate, whatever multiple of it a parameter group has. ``l2``: g <- g + rate * w, the
    gradient of rate / 2 * ||w||^2, which an adaptive optimizer then rescales; regularizers change
    gradients in the order in which a study writes them, so that clipping before it is torch's
    order.

    Vectors, which are the biases and the gains of normalisations, decay with `vectors` only.
    Parameters that are frozen, or that an update did not reach, do not decay in it.
    """

    name = "weight_decay"
    bare = "rate"

    rate: NonNegativeFloat = 0.01
    kind: Literal["decoupled", "l2"] = "decoupled"
    vectors: bool = False

    def build(self, setting: Setting) -> Regularization:
        """Decay once an update; a rate of 0 does nothing at all."""
        if self.rate == 0:
            return Regularization()
        if self.kind == "l2":
            return Regularization(modify_gradients=self._add_to_gradients)
        return Regularization(modify_weights=self._shrink)

    def _add_to_gradients(
        self, parameters: Parameters, *, update: int, generator: torch.Generator
    ) -> None:
        with torch.no_grad():
            for weight in self._decaying(parameters):
                assert weight.grad is not None, "only parameters with a gradient come here"
                weight.grad.add_(weight, alpha=self.rate)

    def _shrink(self, parameters: Parameters, *, update: int, learning_rate: float) -> None:
        for weight in self._decaying(parameters):
            weight.mul_(1 - learning_rate * self.rate)

    def _decaying(self, parameters: Parameters) -> Iterator[torch.nn.Parameter]:
        return (each for each in parameters if self.vectors or each.ndim > 1)
