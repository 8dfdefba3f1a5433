"""Subwords from a unigram language model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Tokenizer
from harness.contracts import Codecs, Corpus
from harness_tokenizers.subwords import UNKNOWN, Subwords, codecs, restored, words_with_spaces

if TYPE_CHECKING:
    import tokenizers

# The trainer fails on text with its own name of the unknown token, so that is split after the "<".
_RESERVED = "UNK>"


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

    largest: Subwords = 8000
    shared: bool = False

    def build(self, corpus: Corpus) -> Codecs:
        return codecs(corpus, train=self._train, shared=self.shared)

    def restored(self, sides: Sequence[object]) -> Codecs:
        return restored(sides)

    def _train(self, lines: Sequence[str]) -> tokenizers.Tokenizer:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

        characters = set("".join(lines))
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [words_with_spaces(), pre_tokenizers.Split(Regex(_RESERVED), behavior="isolated")]
        )
        trainer = trainers.UnigramTrainer(
            # And the unknown token. Without room for a subword of two characters the library fails,
            # or keeps all of them.
            vocab_size=max(self.largest, len(characters) + 1) + 1,
            unk_token=UNKNOWN,
            special_tokens=[UNKNOWN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(lines, trainer=trainer)
        if characters and self.largest <= len(characters):
            subwords = json.loads(tokenizer.to_str())["model"]["vocab"]
            kept = [(text, score) for text, score in subwords if text in {UNKNOWN, *characters}]
            tokenizer.model = models.Unigram(kept, unk_id=0)
        return tokenizer
