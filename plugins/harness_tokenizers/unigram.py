"""Subwords from a unigram language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.subwords import UNKNOWN, codecs, words_with_spaces

if TYPE_CHECKING:
    import tokenizers


@dataclass(frozen=True, kw_only=True)
class Unigram(Tokenizer):
    """Subwords of the most probable segmentation under a unigram model (Kudo 2018).

    A word w becomes argmax over its segmentations x_1 ... x_n of prod_i p(x_i). The p are fitted by
    expectation maximization to a large set of frequent substrings. Those whose removal reduces the
    likelihood of the training split least are removed, until at most `largest` are left (not
    counting the four special tokens; single characters always stay). Only the most probable
    segmentation is used: there is no subword regularization.

    A space belongs to the word after it, and no subword spans two words. Characters that do not
    occur in the training split are unknown; all other text is restored exactly. `shared` uses one
    vocabulary for both sides.

    Trained by Hugging Face's tokenizers, which sums probabilities in an order that varies from run
    to run: they agree to about six digits. Subwords and segmentations were the same in every trial,
    but segmentations with almost equal probabilities could be swapped.
    """

    name = "unigram"
    bare = "largest"

    largest: PositiveInt = 8000
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        return codecs(corpus, train=self._train, shared=self.shared)

    def _train(self, lines: Sequence[str]) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer, models, trainers

        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = words_with_spaces()
        trainer = trainers.UnigramTrainer(
            vocab_size=self.largest + 1,  # the unknown token
            unk_token=UNKNOWN,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(lines, trainer=trainer)
        return tokenizer
