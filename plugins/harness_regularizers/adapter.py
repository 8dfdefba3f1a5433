"""B A x beside a matrix, as a torch module; it loads torch, and so is imported when it is hung."""

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
    """What the product s B A x is made of."""

    states: Float[torch.Tensor, "*places inputs"]
    A: Float[torch.Tensor, "rank inputs"]
    B: Float[torch.Tensor, "outputs rank"]


@runtime_checkable
class Disturb(Protocol):
    """What noise does to the factors, by keys that begin with the projection's name."""

    def __call__(self, factors: Factors, *, name: str, noise: Noise) -> Factors: ...


class Adapter(torch.nn.Module):
    """scale * B A x beside a matrix, which is frozen; disturbed, if at all, only by noise.

    A is drawn from kaiming_uniform with a = sqrt(5), the uniform law on +-1 / sqrt(inputs), by the
    key of its parameter's name; B is 0, so that the model begins as it is without the adapter.
    """

    def __init__(
        self,
        name: str,
        *,
        beside: Projection,
        rank: int,
        scale: float,
        disturb: Disturb | None,
        generator: Callable[[str], torch.Generator],
    ) -> None:
        super().__init__()
        outputs, inputs = beside.weight.shape
        self.A = torch.nn.Parameter(beside.weight.new_empty(rank, inputs))
        self.B = torch.nn.Parameter(beside.weight.new_zeros(outputs, rank))
        self._name, self._scale, self._disturb = name, scale, disturb
        torch.nn.init.kaiming_uniform_(
            self.A, a=math.sqrt(5), generator=generator(f"{name}.adapter.A")
        )

    def forward(
        self, states: Float[torch.Tensor, "*places inputs"], noise: Noise | None
    ) -> Float[torch.Tensor, "*places outputs"]:
        """What is added to the matrix's answer."""
        factors = Factors(states=states, A=self.A, B=self.B)
        if self._disturb and noise is not None:
            factors = self._disturb(factors, name=self._name, noise=noise)
        linear = torch.nn.functional.linear
        return linear(linear(factors.states, factors.A), factors.B) * self._scale

    def delta(self) -> Float[torch.Tensor, "outputs inputs"]:
        """The matrix scale * B A."""
        return (self.B @ self.A) * self._scale
