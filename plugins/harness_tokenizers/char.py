"""Characters as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.interchange import characters
from harness_tokenizers.vocabulary import VocabularyLearner


@dataclass(frozen=True, kw_only=True)
class Char(Tokenizer):
    """Unicode characters as tokens, spaces included: decoding is exact, but sequences are long.

    Characters that occur less than `least_count` times are unknown. `lowercase` is not undone when
    decoding, while text metrics compare with the original lines. `shared` uses one vocabulary for
    both sides.
    """

    name = "char"

    lowercase: bool = False
    least_count: PositiveInt = 1
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        return self._learner().codecs(corpus, shared=self.shared)

    def restored(self, sides: Sequence[object]) -> Codecs:
        return self._learner().restored(sides)

    def _learner(self) -> VocabularyLearner:
        steps = characters()
        return VocabularyLearner(
            split=_split_lowercase if self.lowercase else list,
            join="".join,
            least_count=self.least_count,
            steps=steps.with_lowercase() if self.lowercase else steps,
            words=_split_lowercase if self.lowercase else list,
        )


def _split_lowercase(line: str) -> list[str]:
    return list(line.lower())
