"""Words and punctuation marks as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.vocabulary import ATTACHED, Learning, join_attached

_PIECE = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Word(Tokenizer):
    """Words and single punctuation marks; text comes back with its spaces where they were.

    A token that stands directly after another, such as a full stop, is another token than the same
    text after a space, so that decoding is exact; only runs of white space become one space, and
    none stays at the ends.

    Tokens seen less than `least_count` times are unknown, and so are all but the `largest` most
    frequent ones (the special four come on top). `lowercase` is for good, while text metrics
    compare with lines as they are. `shared` makes one vocabulary of both sides.
    """

    name = "word"

    lowercase: bool = False
    least_count: PositiveInt = 1
    largest: PositiveInt | None = None
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        learning = Learning(
            split=_split_lowercase if self.lowercase else _split,
            join=join_attached,
            least_count=self.least_count,
            largest=self.largest,
        )
        return learning.codecs(corpus, shared=self.shared)


def _split(line: str) -> list[str]:
    tokens = []
    end = -1
    for piece in _PIECE.finditer(line):
        attached = piece.start() == end
        tokens.append(ATTACHED + piece[0] if attached else piece[0])
        end = piece.end()
    return tokens


def _split_lowercase(line: str) -> list[str]:
    return _split(line.lower())
