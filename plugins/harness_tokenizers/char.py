"""Characters as tokens."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.vocabulary import Learning


@dataclass(frozen=True, kw_only=True)
class Char(Tokenizer):
    """Every Unicode character a token, spaces too: nothing is lost, and lines are long.

    Characters seen less than `least_count` times are unknown. `lowercase` is for good, while text
    metrics compare with lines as they are. `shared` makes one vocabulary of both sides.
    """

    name = "char"

    lowercase: bool = False
    least_count: PositiveInt = 1
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        learning = Learning(
            split=_split_lowercase if self.lowercase else list,
            join="".join,
            least_count=self.least_count,
        )
        return learning.codecs(corpus, shared=self.shared)


def _split_lowercase(line: str) -> list[str]:
    return list(line.lower())
