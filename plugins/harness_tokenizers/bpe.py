"""Byte-pair encoding (BPE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.subwords import UNKNOWN, Subwords, codecs, restored, words_with_spaces

if TYPE_CHECKING:
    import tokenizers


@dataclass(frozen=True, kw_only=True)
class Bpe(Tokenizer):
    """Subwords merged from characters, most frequent pair first (Sennrich et al. 2016).

    Starting from characters, argmax over pairs (a, b) of count(a b) becomes a new subword a + b,
    until there are `largest` subwords (not counting the four special tokens; single characters
    always stay) or no pair occurs `least_count` times. A space belongs to the word after it, and no
    subword spans two words. Characters that do not occur in the training split are unknown; all
    other text is restored exactly. `shared` uses one vocabulary for both sides. Trained by Hugging
    Face's tokenizers.
    """

    name = "bpe"
    bare = "largest"

    largest: Subwords = 8000
    least_count: PositiveInt = 2
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        return codecs(corpus, train=self._train, shared=self.shared)

    def restored(self, sides: Sequence[object]) -> Codecs:
        return restored(sides)

    def _train(self, lines: Sequence[str]) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer, models, trainers

        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = words_with_spaces()
        trainer = trainers.BpeTrainer(
            vocab_size=self.largest + 1,  # the unknown token
            min_frequency=self.least_count,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(lines, trainer=trainer)
        return tokenizer
