"""The unigram language model over pieces of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness_tokenizers.pieces import UNKNOWN, codecs, words_with_spaces

if TYPE_CHECKING:
    import tokenizers


@dataclass(frozen=True, kw_only=True)
class Unigram(Tokenizer):
    """Pieces of words, cut so that the product of their probabilities is largest (Kudo 2018).

    A word w becomes argmax over its cuts x_1 ... x_n of prod_i p(x_i). The p are fitted by
    expectation maximisation to a large set of frequent substrings, from which those are dropped
    that cost the likelihood of the training split least, until at most `largest` are left (the
    special four come on top; single characters always stay). The most probable cut is taken: there
    is no subword regularization.

    A space belongs to the word after it and no piece goes over two words. Characters that the
    training split does not have are unknown; all other text comes back as it was. `shared` makes
    one vocabulary of both sides.

    Learned by Hugging Face's tokenizers, which adds probabilities up in an order of its own each
    time: they agree to some six digits. Pieces and cuts were the same in every trial, but two cuts
    that are as good as equal could change places.
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
            vocab_size=self.largest + 1,  # the unknown one
            unk_token=UNKNOWN,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(lines, trainer=trainer)
        return tokenizer
