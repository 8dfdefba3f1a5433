"""Pieces of words, learned by Hugging Face's `tokenizers`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.contracts import SPECIAL_TOKENS, UNK, Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

UNKNOWN = SPECIAL_TOKENS[UNK]
_PARALLEL = "TOKENIZERS_PARALLELISM"

Train = Callable[[Sequence[str]], "Tokenizer"]


def words_with_spaces() -> PreTokenizer:
    """Cuts a line before every space: no space is lost, and no piece goes over two words."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(r"\s?\S+|\s"), behavior="isolated")


def codecs(corpus: Corpus, *, train: Train, shared: bool) -> Codecs:
    """A codec a side or, if `shared`, one for both; pieces are numbered in the order of their text.

    Raises `HarnessError` if there is no text to learn from.
    """
    sources = [pair.source for pair in corpus.train]
    targets = [pair.target for pair in corpus.train]
    if shared:
        both = _codec([*sources, *targets], train=train)
        return Codecs(both, both)
    return Codecs(_codec(sources, train=train), _codec(targets, train=train))


def _codec(lines: Sequence[str], *, train: Train) -> Vocabulary:
    with _one_thread():
        tokenizer = train([_spaced(line) for line in lines])
    numbers = tokenizer.get_vocab()
    tokens = sorted(numbers.keys() - {UNKNOWN})
    if not tokens:
        raise HarnessError("the training split has no text to learn pieces from")

    def split(line: str) -> list[str]:
        pieces = tokenizer.encode(_spaced(line)).tokens
        return [piece if piece in numbers else UNKNOWN for piece in pieces]

    return Vocabulary(tokens=tokens, split=split, join=_join)


def _spaced(line: str) -> str:
    """A space before the first word too, so that it is the same piece as anywhere else."""
    return f" {line}"


def _join(pieces: Sequence[str]) -> str:
    return "".join(pieces).removeprefix(" ")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order, so that learning gives the same pieces every time."""
    before = os.environ.get(_PARALLEL)
    os.environ[_PARALLEL] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PARALLEL]
        else:
            os.environ[_PARALLEL] = before
