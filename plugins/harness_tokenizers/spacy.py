"""spaCy's rules for words."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Tokenizer
from harness.components.options import PositiveInt
from harness.contracts import Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.vocabulary import ATTACHED, Learning, Split, Vocabulary, join_attached


@dataclass(frozen=True, kw_only=True)
class Spacy(Tokenizer):
    """Words as spaCy's rules for a language cut them: ``don't`` is ``do`` and ``n't``.

    The Annotated Transformer (Rush 2018) cuts its German and English so: its pipelines begin with
    the rules of ``spacy.blank``, which needs no model and is used here. `source` and `target` are
    codes of languages. The article learns its vocabulary from all three splits; here, what only
    validation and test have is unknown.

    A token that stands directly after another is another token than the same text after a space, so
    that decoding is exact; only runs of white space become one space, and none stays at the ends.
    Tokens seen less than `least_count` times are unknown (there: 2), and so are all but the
    `largest` most frequent ones. `lowercase` is for good.

    The library comes with ``pip install 'transformer-harness[spacy]'``.
    """

    name = "spacy"

    source: str = "de"
    target: str = "en"
    lowercase: bool = False
    least_count: PositiveInt = 1
    largest: PositiveInt | None = None

    def build(self, corpus: Corpus) -> Codecs:
        """Raises `HarnessError` without the library, or for a language that it does not have."""
        return Codecs(
            self._learn(self.source, lines=[pair.source for pair in corpus.train]),
            self._learn(self.target, lines=[pair.target for pair in corpus.train]),
        )

    def _learn(self, language: str, *, lines: list[str]) -> Vocabulary:
        learning = Learning(
            split=_rules(language, lowercase=self.lowercase),
            join=join_attached,
            least_count=self.least_count,
            largest=self.largest,
        )
        return learning.vocabulary(lines)


def _rules(language: str, *, lowercase: bool) -> Split:
    try:
        import spacy
    except ImportError:
        raise HarnessError(
            "tokenizer spacy: spaCy is not installed; pip install 'transformer-harness[spacy]'"
        ) from None
    try:
        cut = spacy.blank(language).tokenizer
    except ImportError as fault:  # also where a language needs another library
        reason = " ".join(str(fault).split())
        raise HarnessError(f"tokenizer spacy: no language {language!r}: {reason}") from None

    def split(line: str) -> list[str]:
        text = " ".join((line.lower() if lowercase else line).split())
        tokens, apart = [], True
        for token in cut(text):
            tokens.append(token.text if apart else ATTACHED + token.text)
            apart = bool(token.whitespace_)
        return tokens

    return split
