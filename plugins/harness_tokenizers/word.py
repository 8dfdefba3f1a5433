"""Words and punctuation marks as tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.interchange import words
from harness_tokenizers.vocabulary import ATTACHED, VocabularyLearner, join_attached

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Word(Tokenizer):
    """Words and single punctuation marks; decoding restores the spaces between them.

    A token that directly follows another, such as a full stop, is distinct from the same text after
    a space, so that decoding is exact, except that a run of white space becomes one space and none
    is kept at the ends.

    Tokens that occur less than `least_count` times are unknown, and so are all but the `largest`
    most frequent ones (not counting the four special tokens). `lowercase` is not undone when
    decoding, while text metrics compare with the original lines. `shared` uses one vocabulary for
    both sides.
    """

    name = "word"

    lowercase: bool = False
    least_count: PositiveInt = 1
    largest: PositiveInt | None = None
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        return self._learner().codecs(corpus, shared=self.shared)

    def restored(self, sides: Sequence[object]) -> Codecs:
        return self._learner().restored(sides)

    def _learner(self) -> VocabularyLearner:
        steps = words(attached=ATTACHED)
        return VocabularyLearner(
            split=_split_lowercase if self.lowercase else _split,
            join=join_attached,
            least_count=self.least_count,
            largest=self.largest,
            steps=steps.with_lowercase() if self.lowercase else steps,
            # A token is attached to the one before it in its word, never to another word's.
            words=_words_lowercase if self.lowercase else str.split,
        )


def _split(line: str) -> list[str]:
    tokens = []
    # Where no match can start, so that the first token counts as one after a space.
    end = -1
    for match in _TOKEN.finditer(line):
        attached = match.start() == end
        tokens.append(ATTACHED + match[0] if attached else match[0])
        end = match.end()
    return tokens


def _split_lowercase(line: str) -> list[str]:
    return _split(line.lower())


def _words_lowercase(line: str) -> list[str]:
    return line.lower().split()
