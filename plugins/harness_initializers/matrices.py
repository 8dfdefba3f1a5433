"""Initialization by a distribution for matrices and constants for vectors, as most use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float

from harness.contracts import Initialize


@runtime_checkable
class Fill(Protocol):
    """Fills a matrix in place, as the functions of torch.nn.init do."""

    def __call__(
        self, tensor: torch.Tensor, *, generator: torch.Generator | None
    ) -> torch.Tensor: ...


def matrices(fill: Fill) -> Initialize:
    """Initialize a matrix by `fill`, with the generator of its own name, and a vector with 0 or 1.

    1 is for the weights of layer normalizations, which so start as the identity.
    """

    def initialize(
        name: str,
        parameter: Float[torch.Tensor, "..."],
        generator_of: Callable[[str], torch.Generator],
    ) -> None:
        if parameter.ndim > 1:
            # Keyed by name, not drawn in sequence: a variant with one more matrix shares the rest.
            fill(parameter, generator=generator_of(name))
        else:
            # By the ending of the name, since every normalization of the models is called `norm`.
            torch.nn.init.constant_(parameter, float(name.endswith("norm.weight")))

    return initialize
