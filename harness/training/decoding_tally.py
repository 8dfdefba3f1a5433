"""The work of a decoding: the time it takes, and what a generation counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from harness.contracts import DecodingCost


class Tally:
    """The work of one decoding so far; `count` is the one of its `Setting`."""

    def __init__(self) -> None:
        self._seconds, self._tokens = 0.0, 0
        self._counted: Counter[str] = Counter()

    def count(self, **numbers: int) -> None:
        """Add to what is counted under these names."""
        self._counted.update(numbers)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Add the time until the end of the block."""
        started = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - started

    def write(self, sentences: Sequence[Sequence[int]]) -> None:
        """Add the tokens of some sentences, and an eos for each."""
        self._tokens += sum(len(tokens) + 1 for tokens in sentences)

    def cost(self) -> DecodingCost:
        """The work up to now; None for what the generation has not counted."""
        return DecodingCost(
            seconds=round(self._seconds, 4),
            tokens=self._tokens,
            passes=self._counted.get("passes"),
            proposed=self._counted.get("proposed"),
            accepted=self._counted.get("accepted"),
        )
