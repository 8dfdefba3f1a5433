"""The copy task."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from harness import streams
from harness.components import Dataset
from harness.components.options import NonNegativeInt, PositiveInt
from harness.contracts import Corpus, Pair


@dataclass(frozen=True, kw_only=True)
class Copy(Dataset):
    """Sequences of numbers to be written down as they are.

    As in the Annotated Transformer, the first number is always 1 and each of the others is drawn
    from 1 to `symbols`, so that knowing nothing costs ln(symbols) nats at `length` - 1 places. The
    first test sentence counts from 1 up; no test or validation sentence is in training. `draw`
    chooses other sentences.
    """

    name: ClassVar[str] = "copy"

    symbols: PositiveInt = 10
    length: PositiveInt = 10
    train: PositiveInt = 4000
    validation: PositiveInt = 100
    test: PositiveInt = 100
    draw: NonNegativeInt = 0

    def __post_init__(self) -> None:
        wanted = self.train + self.validation + self.test
        if self.symbols ** (self.length - 1) < 2 * wanted:
            raise ValueError(
                f"{self.symbols} symbols and length {self.length} give too few sentences for "
                f"{wanted} different ones; raise symbols or length"
            )

    def build(self) -> Corpus:
        """Draw the sentences, all of them different."""
        draw = random.Random(streams.key(self.draw, "copy"))
        counting = tuple(1 + place % self.symbols for place in range(self.length))
        found = {counting: None}
        while len(found) < self.train + self.validation + self.test:
            rest = (draw.randint(1, self.symbols) for _ in range(self.length - 1))
            found[1, *rest] = None
        pairs = [Pair(line, line) for line in (" ".join(map(str, each)) for each in found)]
        heldout = self.test + self.validation
        return Corpus(
            test=pairs[: self.test], validation=pairs[self.test : heldout], train=pairs[heldout:]
        )
