"""Characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.vocabulary import Learning


@dataclass(frozen=True, kw_only=True)
class Char(Tokenizer):
    """Every character a token, spaces too.

    Characters rarer than `least_count` are unknown; `shared` makes one vocabulary of both sides.
    """

    name: ClassVar[str] = "char"

    lowercase: bool = False
    least_count: PositiveInt = 1
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        """Count the characters of the training split."""
        learning = Learning(
            split=_split_lowercase if self.lowercase else list,
            join="".join,
            least_count=self.least_count,
        )
        return learning.codecs(corpus, shared=self.shared)


def _split_lowercase(line: str) -> list[str]:
    return list(line.lower())
