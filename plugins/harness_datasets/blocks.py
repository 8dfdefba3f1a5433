"""The base of datasets of plain text, which is cut into blocks of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.components import Dataset
from harness.components.options import (
    NonNegativeInt,
    PositiveInt,
    ProbabilityBelowOne,
    count_of_share,
)
from harness.contracts import Pair


@dataclass(frozen=True, kw_only=True)
class Blocks(Dataset):
    """Texts in blocks of at most `block` words, each the continuation of its `prompt`.

    Words are what white space separates, and one space takes its place, so that the raw text of a
    block is the same for every tokenizer. The source of a block is its prompt: its first words, a
    number of them or a share (``0.25``, rounded down), but never all; by default none, and the
    source is empty. The target is the rest. `block` null leaves texts whole.
    """

    block: PositiveInt | None = None
    prompt: NonNegativeInt | ProbabilityBelowOne = 0

    def cut(self, text: str) -> list[Pair]:
        """The blocks of a text in order; none of a text without words."""
        words = text.split()
        size = self.block or max(len(words), 1)
        return [self._pair(words[first : first + size]) for first in range(0, len(words), size)]

    def _pair(self, words: Sequence[str]) -> Pair:
        prompt = self.prompt
        first = count_of_share(prompt, of=len(words)) if isinstance(prompt, float) else prompt
        # At least one word is left to write: no word of a text goes unscored.
        first = min(first, len(words) - 1)
        return Pair(" ".join(words[:first]), " ".join(words[first:]))

    def documents_of(self, texts: Iterable[str]) -> Sequence[str]:
        """The number of the text that each block is of; empty if no text has several blocks."""
        counts = [len(self.cut(text)) for text in texts]
        if max(counts, default=0) < 2:
            return ()
        return [str(number) for number, count in enumerate(counts, start=1) for _ in range(count)]
