"""Slot `positions`: how a model knows the order of its tokens."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float, Int

from harness.components.component import Component
from harness.contracts import Transform


class Places(NamedTuple):
    """The places of some tokens in their sentences, counted from 0.

    `end` is beyond all of them, and known without asking the device that holds the numbers.
    """

    numbers: Int[torch.Tensor, "#sentences places"]
    end: int

    @classmethod
    def run(cls, count: int, *, first: int = 0, device: torch.device) -> Places:
        """So many places in a row, the same in every sentence."""
        end = first + count
        return cls(torch.arange(first, end, device=device)[None], end)


class PlaceCode:
    """What a model does with places: nothing, where a subclass does not say otherwise.

    Each method is called once for a pass through a stack; what it returns serves all layers.
    """

    def embed(
        self, vectors: Float[torch.Tensor, "sentences places d_model"], *, places: Places
    ) -> Float[torch.Tensor, "sentences places d_model"]:
        """Token vectors as the stack is fed them."""
        return vectors

    def turn(self, places: Places) -> Transform | None:
        """What the queries and the keys of these places go through, as (..., heads, places, head).

        In self-attention only. None if it is nothing.
        """
        return None

    def bias(
        self, queries: Places, *, keys: Places
    ) -> Float[torch.Tensor, "#sentences heads queries keys"] | None:
        """What is added to the scaled scores of self-attention; None if it is nothing."""
        return None


@dataclass(frozen=True, kw_only=True)
class Positions(Component):
    """Places told by vectors added to the tokens', by queries and keys, or by their scores.

    A code is built for each stack. One that is a torch module too has its parameters trained, as
    ``encoder_positions.weight``, and counts them in `parameters`. A step of decoding with a cache
    comes with the places that its tokens would have in the whole sentence, and must give the same.
    """

    slot: ClassVar[str] = "positions"
    hook: ClassVar[str] = "harness_positions"

    def fault(self, d_model: int, *, heads: int) -> str | None:
        """The reason that it does not fit a model of this width and so many heads, if any."""
        return None

    def parameters(self, d_model: int) -> int:
        """The number of its parameters for one stack, without torch."""
        return 0

    @abstractmethod
    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        """The code for one stack."""
