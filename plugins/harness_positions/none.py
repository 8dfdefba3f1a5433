"""No positions."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Positions
from harness.components.positions import PlaceCode


@dataclass(frozen=True, kw_only=True)
class NoPositions(Positions):
    """No positions at all: a decoder knows them by its causal mask (NoPE, Kazemnejad et al. 2023).

    An encoder does not: to it, a sentence is the set of its tokens.
    """

    name = "none"

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        return PlaceCode()
