"""Key-value caches for incremental decoding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from harness.contracts import Memory
from harness.model.attention import KeysValues


# eq=False: generated equality would ask a tensor of booleans for one truth value, and raise.
@dataclass(eq=False, kw_only=True)
class Past:
    """The keys and values of one decoder layer, of the target so far and of the source."""

    own: KeysValues | None = None
    source: KeysValues | None = None

    def grow(self, new: KeysValues) -> KeysValues:
        """Append those of the next places; returns all."""
        if self.own is not None:
            new = KeysValues(*(torch.cat(pair, dim=2) for pair in zip(self.own, new, strict=True)))
        self.own = new
        return new

    def select(self, rows: Int[Tensor, "kept"]) -> Past:
        """The keys and values of some of the sentences."""
        return Past(own=_select(self.own, rows=rows), source=_select(self.source, rows=rows))


@dataclass(eq=False, kw_only=True)
class KeyValueCache:
    """An encoded source, and the past of every decoder layer after `length` target tokens."""

    memory: Memory
    layers: tuple[Past, ...]
    length: int = 0

    def select(self, rows: Int[Tensor, "kept"]) -> KeyValueCache:
        """A new cache of these sentences, in this order; rows may repeat."""
        states, visible = self.memory
        return KeyValueCache(
            # The memory too, since a beam search asks for a sentence once per hypothesis.
            memory=Memory(states[rows], None if visible is None else visible[rows]),
            layers=tuple(past.select(rows) for past in self.layers),
            length=self.length,
        )


def _select(past: KeysValues | None, *, rows: Int[Tensor, "kept"]) -> KeysValues | None:
    return None if past is None else KeysValues(past.keys[rows], past.values[rows])
