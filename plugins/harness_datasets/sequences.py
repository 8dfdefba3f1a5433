"""The base of tasks that map a sequence of numbers to another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated

from annotated_types import Gt, Le

from harness.components import Dataset
from harness.components.options import NonNegativeInt, PositiveInt
from harness.contracts import Corpus, Pair, Split
from harness.streams import key

Length = Annotated[int, Gt(0), Le(10_000)]
Count = Annotated[int, Gt(0), Le(1_000_000)]
MOST_NUMBERS = 20_000_000  # of all splits, which are held in memory as text


@dataclass(frozen=True, kw_only=True)
class Sequences(Dataset):
    """Distinct random sequences of numbers, each with the target that the task defines.

    Numbers are uniform from 1 to `symbols`, except that the first is always `first` (null: random
    like the others). No sequence occurs twice. A larger training split starts with any smaller one,
    and its size does not affect the other splits. `draw` selects other sequences; nothing else is
    random.
    """

    symbols: PositiveInt = 10
    length: Length = 10
    first: PositiveInt | None = None
    train: Count = 4000
    validation: Count = 100
    test: Count = 100
    draw: NonNegativeInt = 0

    def __post_init__(self) -> None:
        if self.first and self.first > self.symbols:
            raise ValueError(f"first must be at most symbols, {self.symbols}, got {self.first}")
        needed = self.train + self.validation + self.test
        if needed * self.length > MOST_NUMBERS:
            raise ValueError(
                f"{needed} sequences of length {self.length} are {needed * self.length} numbers, "
                f"more than the limit of {MOST_NUMBERS}; lower train or length"
            )
        available = self.symbols ** (self.length - bool(self.first))
        # Sequences are drawn until they are new, which is slow if almost all are taken.
        if available < 2 * needed:
            raise ValueError(
                f"{self.symbols} symbols and length {self.length} give {available} sequences, too "
                f"few to draw {needed} different ones; raise symbols or length"
            )

    @abstractmethod
    def _target(self, numbers: Sequence[int]) -> Sequence[int]:
        """The target sequence for this source."""

    def build(self) -> Corpus:
        taken: set[tuple[int, ...]] = set()
        # In this order the size of the training split cannot affect the other two.
        test = self._split("test", count=self.test, taken=taken)
        validation = self._split("validation", count=self.validation, taken=taken)
        train = self._split("train", count=self.train, taken=taken)
        return Corpus(train=train, validation=validation, test=test)

    def _split(self, split: Split, *, count: int, taken: set[tuple[int, ...]]) -> list[Pair]:
        sequences = self._sequences(split)
        pairs: list[Pair] = []
        while len(pairs) < count:
            numbers = next(sequences)
            if numbers not in taken:
                taken.add(numbers)
                pairs.append(Pair(_line(numbers), _line(self._target(numbers))))
        return pairs

    def _sequences(self, split: Split) -> Iterator[tuple[int, ...]]:
        # The counting sequence is the example that the Annotated Transformer decodes.
        if split == "test" and self.first in {None, 1}:
            yield tuple(1 + index % self.symbols for index in range(self.length))
        # Without the counts, so that a longer split starts with any shorter one.
        random = Random(key(self.draw, self.name, split))
        prefix = [self.first] if self.first else []
        numbers = range(1, self.symbols + 1)
        while True:
            yield (*prefix, *random.choices(numbers, k=self.length - len(prefix)))


def _line(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
