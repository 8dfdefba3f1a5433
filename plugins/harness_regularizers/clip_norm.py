"""Gradient clipping by global norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import PositiveFloat
from harness.contracts import Parameters, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class ClipNorm(Regularizer):
    """Rescales the gradients if their global norm exceeds `norm` (Pascanu et al. 2013).

    g <- g * min(1, norm / (||g|| + 1e-6)), where ||g|| is the Euclidean norm of the gradients of
    all parameters taken as one vector, after division by the update's target tokens. The 1e-6 is
    torch's.
    """

    name = "clip_norm"
    bare = "norm"

    norm: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Regularization:
        """Gradient clipping, once per update."""
        return Regularization(modify_gradients=self._clip)

    def _clip(
        self, parameters: Parameters, *, update: int, generator: Callable[[str], torch.Generator]
    ) -> None:
        torch.nn.utils.clip_grad_norm_(parameters.values(), self.norm)
