"""Rotary positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Positions
from harness.components.options import PositiveFloat
from harness.components.positions import PlaceCode, Places


@dataclass(frozen=True, kw_only=True)
class Rotary(Positions):
    """Queries and keys are turned by angles that grow with the place (RoPE, Su et al. 2021).

    Dimensions 2i and 2i + 1 of a head are the two parts of a complex number, which place p
    multiplies by exp(j p theta_i), theta_i = base^(-2i / d_head): a score depends on the distance
    alone. In self-attention only, so attention to the source knows no places. Implementations that
    pair dimension i with i + d_head / 2, as Llama's in transformers does, have the same models, the
    rows of their matrices in another order.
    """

    name = "rotary"
    bare = "base"

    base: PositiveFloat = 10000.0

    def fault(self, d_model: int, *, heads: int) -> str | None:
        odd = (d_model // heads) % 2
        return (
            f"rotary positions need an even number of dimensions in a head, got {d_model // heads} "
            f"(d_model {d_model}, {heads} heads)"
            if odd
            else None
        )

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        return _Rotation(self.base, size=d_model // heads)


class _Rotation(PlaceCode):
    def __init__(self, base: float, *, size: int) -> None:
        self._base, self._size = base, size

    def turn(self, places: Places) -> Callable[[torch.Tensor], torch.Tensor]:
        # In float64, as the angle of place 2000 in float32 would already be off by some 1e-4.
        pair = torch.arange(0, self._size, 2, dtype=torch.float64, device=places.numbers.device)
        # (sentences, heads, places, pairs), with one row for all heads.
        angle = places.numbers[:, None, :, None] * self._base ** (-pair / self._size)
        cosine, sine = angle.cos(), angle.sin()

        def turned(
            vectors: Float[torch.Tensor, "sentences heads places head"],
        ) -> Float[torch.Tensor, "sentences heads places head"]:
            real, imaginary = vectors.unflatten(-1, (-1, 2)).unbind(-1)
            c, s = cosine.to(vectors.dtype), sine.to(vectors.dtype)
            both = (real * c - imaginary * s, real * s + imaginary * c)
            return torch.stack(both, dim=-1).flatten(-2)

        return turned
