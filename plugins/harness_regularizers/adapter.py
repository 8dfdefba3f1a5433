"""The low-rank adapter of a matrix, a torch module."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float

from harness.contracts import Projection
from harness.streams import Noise


@dataclass(frozen=True, kw_only=True)
class Factors:
    """The factors of the adapter's product s B A x; `states` is x."""

    states: Float[torch.Tensor, "*places inputs"]
    A: Float[torch.Tensor, "rank inputs"]
    B: Float[torch.Tensor, "outputs rank"]


@runtime_checkable
class PerturbFactors(Protocol):
    """Applies noise to the factors; `name` is the projection's, for the keys of the noise."""

    def __call__(self, factors: Factors, *, name: str, noise: Noise) -> Factors: ...


class Adapter(torch.nn.Module):
    """Adds scale * B A x to the output W x of a frozen matrix W, optionally with noise.

    A is drawn from kaiming_uniform with a = sqrt(5), which is uniform on +-1 / sqrt(inputs), keyed
    by its parameter's name; B is 0, so that at first the adapter has no effect.
    """

    def __init__(
        self,
        name: str,
        *,
        projection: Projection,
        rank: int,
        scale: float,
        perturb: PerturbFactors | None,
        generator: Callable[[str], torch.Generator],
    ) -> None:
        super().__init__()
        outputs, inputs = projection.weight.shape
        self.A = torch.nn.Parameter(projection.weight.new_empty(rank, inputs))
        self.B = torch.nn.Parameter(projection.weight.new_zeros(outputs, rank))
        self._name, self._scale, self._perturb = name, scale, perturb
        torch.nn.init.kaiming_uniform_(
            self.A, a=math.sqrt(5), generator=generator(f"{name}.adapter.A")
        )

    def forward(
        self, states: Float[torch.Tensor, "*places inputs"], noise: Noise | None
    ) -> Float[torch.Tensor, "*places outputs"]:
        """The term to add to the output of the matrix."""
        factors = Factors(states=states, A=self.A, B=self.B)
        if self._perturb and noise is not None:
            factors = self._perturb(factors, name=self._name, noise=noise)
        # A first: two thin products, where B A multiplied out would be as large as W.
        linear = torch.nn.functional.linear
        return linear(linear(factors.states, factors.A), factors.B) * self._scale

    def delta(self) -> Float[torch.Tensor, "outputs inputs"]:
        """The matrix scale * B A."""
        return (self.B @ self.A) * self._scale
