"""Tokens and their numbers, learned from the training split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.contracts import SPECIAL_TOKENS, UNK, Codecs, Corpus
from harness.errors import HarnessError

# Marks a token that follows without a space. It is white space, which no token can contain.
ATTACHED = "\x1f"

Split = Callable[[str], Sequence[str]]
Join = Callable[[Sequence[str]], str]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """A codec over a list of tokens; the token at place i has the number 4 + i.

    `split` turns a line into tokens and `join` tokens into a line. Special tokens have numbers
    only: a line that says ``<pad>`` is split like any other text.
    """

    tokens: Sequence[str]
    split: Split
    join: Join

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens, len(SPECIAL_TOKENS))}

    @property
    def size(self) -> int:
        """How many numbers there are, the special tokens included."""
        return len(SPECIAL_TOKENS) + len(self.tokens)

    def encode(self, line: str) -> list[int]:
        """The numbers of a line; a token that was not learned becomes unk."""
        return [self._numbers.get(token, UNK) for token in self.split(line)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The line; an unknown token is written ``<unk>``, the other special ones are left out."""
        return self.join([self._text(token) for token in tokens if token >= UNK])

    def _text(self, token: int) -> str:
        special = len(SPECIAL_TOKENS)
        return SPECIAL_TOKENS[token] if token < special else self.tokens[token - special]


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How a vocabulary is learned: most frequent tokens first, equals by their text."""

    split: Split
    join: Join
    least_count: int
    largest: int | None = None

    def vocabulary(self, lines: Iterable[str]) -> Vocabulary:
        """What these lines teach; raises `HarnessError` if that is nothing."""
        counts = Counter(token for line in lines for token in self.split(line))
        known = [token for token, count in counts.items() if count >= self.least_count]
        if not known:
            raise HarnessError(
                f"no token occurs {self.least_count} times in the training split; lower least_count"
            )
        known.sort(key=lambda token: (-counts[token], token))
        return Vocabulary(tokens=known[: self.largest], split=self.split, join=self.join)

    def codecs(self, corpus: Corpus, *, shared: bool) -> Codecs:
        """A vocabulary a side or, if `shared`, one for both."""
        sources = [pair.source for pair in corpus.train]
        targets = [pair.target for pair in corpus.train]
        if shared:
            both = self.vocabulary([*sources, *targets])
            return Codecs(both, both)
        return Codecs(self.vocabulary(sources), self.vocabulary(targets))


def join_attached(tokens: Sequence[str]) -> str:
    """A line of tokens with a space before each that is not marked as attached."""
    return " ".join(tokens).replace(f" {ATTACHED}", "").removeprefix(ATTACHED)
