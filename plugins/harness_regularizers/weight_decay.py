"""Weight decay, decoupled or as an L2 penalty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from harness.components import Regularizer
from harness.components.options import NonNegativeFloat
from harness.contracts import Parameters, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class WeightDecay(Regularizer):
    """Decays weights towards 0, decoupled from the gradient or as L2 (Loshchilov & Hutter 2019).

    ``decoupled``: w <- (1 - lr * rate) w just before the optimizer's step, where lr is the
    schedule's rate, regardless of the multiple of a parameter group. ``l2``: g <- g + rate * w, the
    gradient of rate / 2 * ||w||^2, which an adaptive optimizer then rescales; regularizers modify
    gradients in the order in which the study lists them, and torch's order is clipping first.

    Vectors, that is biases and the gains of normalizations, decay only with `vectors`. Parameters
    that are frozen, or have no gradient in an update, do not decay in that update.
    """

    name = "weight_decay"
    bare = "rate"

    rate: NonNegativeFloat = 0.01
    kind: Literal["decoupled", "l2"] = "decoupled"
    vectors: bool = False

    def build(self, setting: Setting) -> Regularization:
        """Decay once per update, or nothing at a rate of 0."""
        if self.rate == 0:
            return Regularization()
        if self.kind == "l2":
            return Regularization(modify_gradients=self._add_to_gradients)
        return Regularization(modify_weights=self._shrink)

    def _add_to_gradients(
        self, parameters: Parameters, *, update: int, generator: Callable[[str], torch.Generator]
    ) -> None:
        with torch.no_grad():
            for weight in self._decaying(parameters):
                assert weight.grad is not None, "the core passes only parameters with a gradient"
                weight.grad.add_(weight, alpha=self.rate)

    def _shrink(self, parameters: Parameters, *, update: int, learning_rate: float) -> None:
        for weight in self._decaying(parameters):
            weight.mul_(1 - learning_rate * self.rate)

    def _decaying(self, parameters: Parameters) -> Iterator[torch.nn.Parameter]:
        return (weight for weight in parameters.values() if self.vectors or weight.ndim > 1)
