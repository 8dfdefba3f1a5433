"""The copy task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from harness.components import Dataset
from harness.components.options import NonNegativeInt, PositiveInt
from harness.contracts import Corpus, Pair, Split
from harness.streams import key


@dataclass(frozen=True, kw_only=True)
class Copy(Dataset):
    """Sequences of numbers to be written down as they are (Rush 2018, The Annotated Transformer).

    Each number is drawn from 1 to `symbols`, but for the first, which is always `first` (null: as
    free as the others). A model that knows the numbers and copies nothing pays ln `symbols` nats at
    each free place and nothing at the others, the end among them: 9 ln 10 / 11 = 1.88 nats a token
    by default. No sequence comes twice; a longer train begins with a shorter one and leaves the
    other splits as they are.

    Unless another `first` forbids it, test begins with the sequence that counts, ``1 2 3 4 ...``.
    `draw` chooses other sequences; nothing else is random.
    """

    name = "copy"

    symbols: PositiveInt = 10
    length: PositiveInt = 10
    first: PositiveInt | None = 1
    train: PositiveInt = 4000
    validation: PositiveInt = 100
    test: PositiveInt = 100
    draw: NonNegativeInt = 0

    def __post_init__(self) -> None:
        if self.first and self.first > self.symbols:
            raise ValueError(f"first must be at most symbols, {self.symbols}, got {self.first}")
        wanted = self.train + self.validation + self.test
        there_are = self.symbols ** (self.length - bool(self.first))
        if there_are < 2 * wanted:
            raise ValueError(
                f"{self.symbols} symbols and length {self.length} give {there_are} sequences, too "
                f"few to draw {wanted} different ones; raise symbols or length"
            )

    def build(self) -> Corpus:
        taken: set[str] = set()
        test = self._split("test", count=self.test, taken=taken)
        validation = self._split("validation", count=self.validation, taken=taken)
        train = self._split("train", count=self.train, taken=taken)
        return Corpus(train=train, validation=validation, test=test)

    def _split(self, split: Split, *, count: int, taken: set[str]) -> list[Pair]:
        lines = self._lines(split)
        pairs: list[Pair] = []
        while len(pairs) < count:
            line = next(lines)
            if line not in taken:
                taken.add(line)
                pairs.append(Pair(line, line))
        return pairs

    def _lines(self, split: Split) -> Iterator[str]:
        if split == "test" and self.first in {None, 1}:
            yield " ".join(str(1 + place % self.symbols) for place in range(self.length))
        random = Random(key(self.draw, "copy", split))
        given = [self.first] if self.first else []
        numbers = range(1, self.symbols + 1)
        while True:
            drawn = random.choices(numbers, k=self.length - len(given))
            yield " ".join(map(str, given + drawn))
