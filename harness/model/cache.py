"""Key-value caches for incremental decoding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from harness.components.positions import Places
from harness.contracts import Memory
from harness.model.attention import KeysValues


# eq=False: generated equality would ask a tensor of booleans for one truth value, and raise.
@dataclass(eq=False, kw_only=True)
class Past:
    """The keys and values of one decoder layer, of the target so far and of the source.

    The next ones are appended or, with `places`, put at these places of their sentences.
    """

    own: KeysValues | None = None
    source: KeysValues | None = None
    places: Places | None = None

    def grow(self, new: KeysValues) -> KeysValues:
        """Add those of the next places; returns all."""
        if self.places is not None:
            return self._put(new, places=self.places)
        if self.own is not None:
            new = KeysValues(*(torch.cat(pair, dim=2) for pair in zip(self.own, new, strict=True)))
        self.own = new
        return new

    def select(self, rows: Int[Tensor, "kept"], *, source: bool = True) -> Past:
        """The keys and values of some of the sentences; without `source`, only those of targets."""
        kept = _select(self.source, rows=rows) if source else self.source
        return Past(own=_select(self.own, rows=rows), source=kept)

    def _put(self, new: KeysValues, *, places: Places) -> KeysValues:
        if self.own is None or self.own.keys.shape[2] < places.end:
            self.own = KeysValues(
                *(_room(old, like=heads, places=2 * places.end) for old, heads in self._pairs(new))
            )
        rows = torch.arange(len(new.keys), device=new.keys.device)[:, None]
        for all_places, heads in zip(self.own, new, strict=True):
            all_places[rows, :, places.numbers] = heads.transpose(1, 2)
        return KeysValues(*(heads[:, :, : places.end] for heads in self.own))

    def _pairs(self, new: KeysValues) -> list[tuple[Tensor | None, Tensor]]:
        old = (None, None) if self.own is None else self.own
        return [*zip(old, new, strict=True)]


@dataclass(eq=False, kw_only=True)
class KeyValueCache:
    """An encoded source, and the past of every decoder layer after `length` target tokens.

    `origin` numbers, for every row, the row of the first encoded source that it goes back to.
    """

    memory: Memory
    layers: tuple[Past, ...]
    length: int = 0
    origin: Int[Tensor, "rows"] | None = None

    def select(self, rows: Int[Tensor, "kept"]) -> KeyValueCache:
        """A new cache of these sentences, in this order; rows may repeat."""
        (states, visible), origin = self.memory, rows if self.origin is None else self.origin[rows]
        # A beam search reorders the hypotheses of a sentence: all of them have the same source.
        moved = self.origin is None or not torch.equal(origin, self.origin)
        if moved:
            # The memory too, since a beam search asks for a sentence once per hypothesis.
            states, visible = states[rows], None if visible is None else visible[rows]
        return KeyValueCache(
            memory=Memory(states, visible),
            layers=tuple(past.select(rows, source=moved) for past in self.layers),
            length=self.length,
            origin=origin,
        )

    def put_at(self, places: Places) -> None:
        """Have the next keys and values of every layer put at these places."""
        for past in self.layers:
            past.places = places


def _select(past: KeysValues | None, *, rows: Int[Tensor, "kept"]) -> KeysValues | None:
    return None if past is None else KeysValues(past.keys[rows], past.values[rows])


def _room(old: Tensor | None, *, like: Tensor, places: int) -> Tensor:
    """Space for the heads of so many places, with what there was."""
    # Zeros, because a query's weight of what it does not see is 0, and 0 times NaN is not.
    room = like.new_zeros(*like.shape[:2], places, like.shape[3])
    if old is not None:
        room[:, :, : old.shape[2]] = old
    return room
