"""Sequences of numbers, and what a task makes of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from harness.components import Dataset
from harness.components.options import NonNegativeInt, PositiveInt
from harness.contracts import Corpus, Pair, Split
from harness.streams import key


@dataclass(frozen=True, kw_only=True)
class Sequences(Dataset):
    """Different sequences of numbers to read, each with the answer that a task demands.

    Each number is drawn from 1 to `symbols`, but for the first, which is always `first` (null: as
    free as the others). No sequence comes twice; a longer train begins with a shorter one and
    leaves the other splits as they are. `draw` chooses other sequences; nothing else is random.
    """

    symbols: PositiveInt = 10
    length: PositiveInt = 10
    first: PositiveInt | None = None
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

    @abstractmethod
    def _answer(self, numbers: Sequence[int]) -> Sequence[int]:
        """What is to be written when these numbers are read."""

    def build(self) -> Corpus:
        taken: set[tuple[int, ...]] = set()
        test = self._split("test", count=self.test, taken=taken)
        validation = self._split("validation", count=self.validation, taken=taken)
        train = self._split("train", count=self.train, taken=taken)
        return Corpus(train=train, validation=validation, test=test)

    def _split(self, split: Split, *, count: int, taken: set[tuple[int, ...]]) -> list[Pair]:
        drawn = self._sequences(split)
        pairs: list[Pair] = []
        while len(pairs) < count:
            numbers = next(drawn)
            if numbers not in taken:
                taken.add(numbers)
                pairs.append(Pair(_line(numbers), _line(self._answer(numbers))))
        return pairs

    def _sequences(self, split: Split) -> Iterator[tuple[int, ...]]:
        if split == "test" and self.first in {None, 1}:
            yield tuple(1 + place % self.symbols for place in range(self.length))
        random = Random(key(self.draw, self.name, split))
        given = [self.first] if self.first else []
        numbers = range(1, self.symbols + 1)
        while True:
            yield (*given, *random.choices(numbers, k=self.length - len(given)))


def _line(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
