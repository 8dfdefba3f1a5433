"""ALiBi: attention with linear biases."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Positions
from harness.components.positions import PlaceCode, Places


@dataclass(frozen=True, kw_only=True)
class Alibi(Positions):
    """Scores fall with distance, -m |i - j|, with a slope m for each head (Press et al. 2022).

    The bias is added to the scaled scores of self-attention, in an encoder on both sides alike;
    attention to the source has none. Of n heads, a power of 2, head h from 1 has the slope
    2^(-8 h / n). Of other counts, as in the authors' code, the first p heads, p the power of 2
    below, have those of p, and the rest every second one of 2 p.
    """

    name = "alibi"

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        return _LinearBiases(slopes(heads))


def slopes(heads: int) -> list[float]:
    """The slope of each head."""
    power = 2 ** math.floor(math.log2(heads))
    own = [2 ** (-8 * head / power) for head in range(1, power + 1)]
    between = [2 ** (-4 * head / power) for head in range(1, 2 * power + 1, 2)]
    return own + between[: heads - power]


class _LinearBiases(PlaceCode):
    def __init__(self, slope: list[float]) -> None:
        self._slopes = slope

    def bias(
        self, queries: Places, *, keys: Places
    ) -> Float[torch.Tensor, "#sentences heads queries keys"] | None:
        distance = (queries.numbers[:, :, None] - keys.numbers[:, None, :]).abs()
        slope = torch.tensor(self._slopes, dtype=torch.float64, device=distance.device)
        return -slope[:, None, None] * distance[:, None]
