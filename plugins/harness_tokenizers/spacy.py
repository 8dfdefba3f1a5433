"""Tokens by spaCy's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.vocabulary import (
    ATTACHED,
    Split,
    VocabularyLearner,
    both_sides,
    join_attached,
)


@dataclass(frozen=True, kw_only=True)
class Spacy(Tokenizer):
    """Words split by spaCy's rules for a language: ``don't`` becomes ``do`` and ``n't``.

    The Annotated Transformer (Rush 2018) tokenizes its German and English like this: its pipelines
    start with the rules of ``spacy.blank``, which needs no model and is used here. `source` and
    `target` are language codes. The article builds its vocabulary from all three splits; here,
    words that occur only in validation or test are unknown.

    A token that directly follows another is distinct from the same text after a space, so that
    decoding is exact, except that a run of white space becomes one space and none is kept at the
    ends. Tokens that occur less than `least_count` times (2 in the article) are unknown, and so are
    all but the `largest` most frequent ones. `lowercase` is not undone when decoding.

    Install the library with ``pip install 'transformer-harness[spacy]'``.
    """

    name = "spacy"

    source: str = "de"
    target: str = "en"
    lowercase: bool = False
    least_count: PositiveInt = 1
    largest: PositiveInt | None = None

    def build(self, corpus: Corpus) -> Codecs:
        """Learn a codec for each side; one for both, by the rules of `target`, of plain text.

        Raises `HarnessError` if spaCy is not installed, or does not support a language.
        """
        if corpus.continues:
            one = self._learner(self.target).vocabulary(corpus.texts)
            return Codecs(one, one)
        return Codecs(
            self._learner(self.source).vocabulary(pair.source for pair in corpus.train),
            self._learner(self.target).vocabulary(pair.target for pair in corpus.train),
        )

    def restored(self, sides: Sequence[object]) -> Codecs:
        # One side for both is of plain text.
        languages = (self.source, self.target)[-len(sides) :]
        return both_sides(
            [self._learner(name).of(side) for name, side in zip(languages, sides, strict=False)]
        )

    def _learner(self, language: str) -> VocabularyLearner:
        return VocabularyLearner(
            split=_rules(language, lowercase=self.lowercase),
            join=join_attached,
            least_count=self.least_count,
            largest=self.largest,
        )


def _rules(language: str, *, lowercase: bool) -> Split:
    try:
        import spacy
    except ImportError:
        raise HarnessError(
            "tokenizer spacy: spaCy is not installed; pip install 'transformer-harness[spacy]'"
        ) from None
    try:
        tokenize = spacy.blank(language).tokenizer
    except ImportError as error:  # also raised if a language needs another library
        reason = " ".join(str(error).split())
        raise HarnessError(f"tokenizer spacy: no language {language!r}: {reason}") from None

    def split(line: str) -> list[str]:
        # spaCy makes a token of each further space in a run.
        text = " ".join((line.lower() if lowercase else line).split())
        tokens, after_space = [], True
        for token in tokenize(text):
            tokens.append(token.text if after_space else ATTACHED + token.text)
            after_space = bool(token.whitespace_)
        return tokens

    return split
