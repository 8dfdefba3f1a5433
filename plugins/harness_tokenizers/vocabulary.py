"""Vocabularies learned from the training split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

from harness.contracts import SPECIAL_TOKENS, UNK, Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.interchange import Steps, word_level

# Prefix of a token without a space before it. As it counts as white space, no token contains it.
ATTACHED = "\x1f"

Split = Callable[[str], Sequence[str]]
Join = Callable[[Sequence[str]], str]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """A codec over a list of tokens; the token at index i has the id 4 + i.

    `split` converts a line to tokens and `join` tokens to a line. Special tokens are ids only: a
    line with the text ``<pad>`` is split like any other. `steps` say in the format of Hugging
    Face's tokenizers what `split` and `join` do, where that can be said.
    """

    tokens: Sequence[str]
    split: Split
    join: Join
    steps: Steps | None = None

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens, len(SPECIAL_TOKENS))}

    @property
    def size(self) -> int:
        """The number of ids, including the special tokens."""
        return len(SPECIAL_TOKENS) + len(self.tokens)

    def encode(self, line: str) -> list[int]:
        """The ids of a line; a token outside the vocabulary becomes unk."""
        return [self._ids.get(token, UNK) for token in self.split(line)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The line; unk becomes the text ``<unk>``, the other special tokens are dropped."""
        return self.join([self._text(token) for token in tokens if token >= UNK])

    def stored(self) -> object | None:
        """The tokens, in the order of their ids."""
        return [*self.tokens]

    def interchange(self) -> Mapping[str, object] | None:
        """The tokens with their steps, as ``tokenizer.json``; None without `steps`."""
        return word_level(self.tokens, steps=self.steps) if self.steps else None

    def _text(self, token: int) -> str:
        special = len(SPECIAL_TOKENS)
        return SPECIAL_TOKENS[token] if token < special else self.tokens[token - special]


@dataclass(frozen=True, kw_only=True)
class WordVocabulary(Vocabulary):
    """A vocabulary whose tokens lie within words; `words` has those of a line."""

    words: Split

    def pieces(self, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[int]]:
        """The words of lines, and their number in each."""
        words = [self.words(line) for line in lines]
        return [*chain.from_iterable(words)], [*map(len, words)]

    def encode_piece(self, piece: str) -> list[int]:
        """The ids of a word."""
        return self.encode(piece)


@dataclass(frozen=True, kw_only=True)
class VocabularyLearner:
    """Counts tokens; ids go by descending frequency, ties in alphabetical order."""

    split: Split
    join: Join
    least_count: int
    largest: int | None = None
    steps: Steps | None = None
    words: Split | None = None

    def vocabulary(self, lines: Iterable[str]) -> Vocabulary:
        """The vocabulary of these lines; raises `HarnessError` if it would be empty."""
        counts = Counter(token for line in lines for token in self.split(line))
        tokens = [token for token, count in counts.items() if count >= self.least_count]
        if not tokens:
            raise HarnessError(
                f"no token occurs {self.least_count} times in the training split; lower least_count"
            )
        # Ties by text: in order of occurrence, ids would depend on the order of the lines.
        tokens.sort(key=lambda token: (-counts[token], token))
        return self.of(tokens[: self.largest])

    def of(self, tokens: object) -> Vocabulary:
        """The vocabulary of these tokens; raises `HarnessError` if they are no list of texts."""
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise HarnessError("a stored vocabulary of words must be a list of tokens")
        kind = partial(WordVocabulary, words=self.words) if self.words else Vocabulary
        return kind(tokens=tokens, split=self.split, join=self.join, steps=self.steps)

    def restored(self, sides: Sequence[object]) -> Codecs:
        """The vocabularies of both sides at once, or of each side; raises as `of` does."""
        return both_sides([self.of(side) for side in sides])

    def codecs(self, corpus: Corpus, *, shared: bool) -> Codecs:
        """A vocabulary for each side; one for both if `shared`, or of text that continues."""
        if corpus.continues:
            one = self.vocabulary(corpus.texts)
            return Codecs(one, one)
        sources = [pair.source for pair in corpus.train]
        targets = [pair.target for pair in corpus.train]
        if shared:
            both = self.vocabulary([*sources, *targets])
            return Codecs(both, both)
        return Codecs(self.vocabulary(sources), self.vocabulary(targets))


def both_sides(codecs: Sequence[Vocabulary]) -> Codecs:
    """The codecs of the two sides, of one vocabulary for both or of one for each."""
    if not 1 <= len(codecs) <= 2:
        raise HarnessError(f"a stored vocabulary must have one or two sides, got {len(codecs)}")
    return Codecs(codecs[0], codecs[-1])


def join_attached(tokens: Sequence[str]) -> str:
    """Join tokens with spaces, except before those marked as attached."""
    # The prefix too: a model may generate an attached token first.
    return " ".join(tokens).replace(f" {ATTACHED}", "").removeprefix(ATTACHED)
