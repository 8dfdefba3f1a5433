"""Gaussian noise on gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import NonNegativeFloat
from harness.contracts import Parameters, Regularization, Setting


@dataclass(frozen=True, kw_only=True)
class GradientNoise(Regularizer):
    """Adds annealed Gaussian noise to the gradients (Neelakantan et al. 2015).

    g <- g + N(0, sigma_t^2) for each element, with sigma_t^2 = eta / (1 + t)^gamma, where t is the
    number of completed updates, so the first has variance `eta`. The paper fixes gamma at 0.55 and
    tries 0.01, 0.3 and 1 for eta. Gradients are per target token; regularizers modify them in the
    order in which the study lists them. A parameter's noise is keyed by its name: it is the same
    whichever other parameters are there, frozen, or without a gradient in an update.
    """

    name = "gradient_noise"
    bare = "eta"

    eta: NonNegativeFloat = 0.01
    gamma: NonNegativeFloat = 0.55

    def build(self, setting: Setting) -> Regularization:
        """Noise once per update, or nothing if `eta` is 0."""
        return Regularization(modify_gradients=self._add) if self.eta else Regularization()

    def _add(
        self, parameters: Parameters, *, update: int, generator: Callable[[str], torch.Generator]
    ) -> None:
        # 1 + t is the number of this update, since t counts those completed before it.
        deviation = (self.eta / update**self.gamma) ** 0.5
        for name, weight in parameters.items():
            gradient = weight.grad
            assert gradient is not None, "the core passes only parameters with a gradient"
            noise = torch.randn(
                gradient.shape,
                generator=generator(f"{self.name}.{name}"),
                dtype=gradient.dtype,
                device=gradient.device,
            )
            gradient.add_(noise, alpha=deviation)
