"""Slot `normalization`: the layers of a model that normalize its states."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from harness.components.component import Component


@dataclass(frozen=True, kw_only=True)
class Normalization(Component):
    """A torch module over the last dimension, whose output has the shape of its input.

    It is built wherever a model normalizes: at each sublayer, after a stack, and for queries and
    keys with ``qk_norm``. It starts as the identity up to scale; initializers know its parameters
    by ``norm.weight`` and ``norm.bias``, so these are what it may have. It draws nothing and keeps
    nothing between calls.
    """

    slot: ClassVar[str] = "normalization"
    hook: ClassVar[str] = "harness_normalizations"

    def parameters(self, width: int, *, bias: bool) -> int:
        """The number of its parameters, without torch."""
        return 0

    @abstractmethod
    def build(self, width: int, *, bias: bool) -> torch.nn.Module:
        """The module for vectors of this width; without `bias`, nothing is added to them."""
