"""Logits after several tokens at once, of prefixes of different lengths, to verify guesses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int

from harness.contracts import Cache, FeedsRuns, Memory, Model
from harness.prediction import writable


def logits_after(
    model: Model,
    *,
    memory: Memory,
    prefixes: Int[torch.Tensor, "sentences target"],
    first: Int[torch.Tensor, "sentences"],
    count: int,
) -> Float[torch.Tensor, "sentences count classes"]:
    """The logits after each of `count` positions of a row, from its position `first` on.

    This is one pass without a cache, since a cache needs rows of equal length and cannot drop
    rejected tokens. Attention is causal, so anything may follow the positions of interest.
    """
    hidden = model.decode(model.embed(prefixes), memory)
    positions, rows = _positions(first, count=count)
    return _writable_logits(model, hidden=hidden[rows, positions])


@dataclass(eq=False, kw_only=True)
class Reader:
    """A model that reads on in sentences of an encoded source, in each at a place of its own.

    A model that feeds runs has a cache, in which a sentence may lack its last `lag` tokens. Any
    other reads every prefix anew.
    """

    model: Model
    memory: Memory
    cache: Cache | None

    @classmethod
    def of(cls, model: Model, *, source: Int[torch.Tensor, "sentences source"]) -> Reader:
        """A reader that has read nothing but the sources."""
        memory = model.encode(source)
        cache = model.start(memory) if isinstance(model, FeedsRuns) else None
        return cls(model=model, memory=memory, cache=cache)

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Reader:
        """The reader of these sentences only."""
        states, visible = self.memory
        return Reader(
            model=self.model,
            memory=Memory(states[rows], None if visible is None else visible[rows]),
            cache=self.cache and self.cache.select(rows),
        )

    def logits(
        self,
        tokens: Int[torch.Tensor, "sentences positions"],
        *,
        lengths: Int[torch.Tensor, "sentences"],
        count: int,
        lag: int = 0,
    ) -> Float[torch.Tensor, "sentences count classes"]:
        """The logits of the `count` tokens that follow the first `lengths` of a row."""
        if self.cache is None or not isinstance(self.model, FeedsRuns):
            longest = int(lengths.max()) + count - 1
            return logits_after(
                self.model,
                memory=self.memory,
                prefixes=tokens[:, :longest],
                first=lengths - 1,
                count=count,
            )
        first = lengths - 1 - lag
        positions, rows = _positions(first, count=lag + count)
        hidden = self.model.feed(tokens[rows, positions], self.cache, first=first)
        return _writable_logits(self.model, hidden=hidden[:, lag:])


def _positions(
    first: Int[torch.Tensor, "sentences"], *, count: int
) -> tuple[Int[torch.Tensor, "sentences count"], Int[torch.Tensor, "sentences 1"]]:
    """The numbers of `count` positions in each row, and those of the rows."""
    numbers = torch.arange(count, device=first.device)
    return first[:, None] + numbers, torch.arange(len(first), device=first.device)[:, None]


def _writable_logits(
    model: Model, *, hidden: Float[torch.Tensor, "sentences count d_model"]
) -> Float[torch.Tensor, "sentences count classes"]:
    logits = model.project(hidden)
    return writable(logits.flatten(0, 1)).view(logits.shape)
