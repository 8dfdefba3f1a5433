"""What most initializers share: a law for matrices, and vectors that begin as nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float

from harness.contracts import Initialize


@runtime_checkable
class Fill(Protocol):
    """Draws a matrix in place, as the functions of torch.nn.init do."""

    def __call__(
        self, tensor: torch.Tensor, *, generator: torch.Generator | None
    ) -> torch.Tensor: ...


def matrices(fill: Fill) -> Initialize:
    """Fills a matrix from the generator of its own name, and a vector with 0 or 1.

    1 is for the weights of layer normalizations, which so begin as the identity.
    """

    def initialize(
        name: str,
        parameter: Float[torch.Tensor, "..."],
        generator_of: Callable[[str], torch.Generator],
    ) -> None:
        if parameter.ndim > 1:
            fill(parameter, generator=generator_of(name))
        else:
            torch.nn.init.constant_(parameter, float(name.endswith("norm.weight")))

    return initialize
