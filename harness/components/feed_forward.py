"""Slot `feed_forward`: the hidden units of a layer's feed-forward network."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Transform


@dataclass(frozen=True, kw_only=True)
class FeedForward(Component):
    """The activation f of a network, and whether it is gated.

    Plain, the hidden units are f(W_inner x), with `d_ff` of them; `gated`, they are
    f(W_gate x) * W_inner x, and the network has a third matrix. Either way the site `feed_forward`
    acts on the units, and W_outer maps them back. The matrices are the model's own, with their
    biases, so that adapters, initializers and the count of parameters know them.
    """

    slot: ClassVar[str] = "feed_forward"
    hook: ClassVar[str] = "harness_feed_forwards"

    gated: ClassVar[bool] = False

    @abstractmethod
    def build(self) -> Transform:
        """f, a function of a tensor of any shape, element by element; no noise."""
