"""Tokenizers that convert text to token ids and back."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Tokenizer
from harness.hookspecs import hookimpl
from harness_tokenizers.bpe import Bpe
from harness_tokenizers.char import Char
from harness_tokenizers.spacy import Spacy
from harness_tokenizers.unigram import Unigram
from harness_tokenizers.word import Word


@hookimpl
def harness_tokenizers() -> Sequence[type[Tokenizer]]:
    """Offer characters, words and subwords as tokens."""
    return [Char, Word, Spacy, Bpe, Unigram]
