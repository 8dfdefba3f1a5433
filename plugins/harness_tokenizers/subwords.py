"""Codecs of subwords, trained by Hugging Face's `tokenizers`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from annotated_types import Gt, Le

from harness.contracts import SPECIAL_TOKENS, UNK, Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

# With line breaks, which no line has: the library takes a special token in the text for itself.
Subwords = Annotated[int, Gt(0), Le(1_000_000)]
UNKNOWN = f"\n{SPECIAL_TOKENS[UNK]}\n"
_PARALLEL = "TOKENIZERS_PARALLELISM"

Train = Callable[[Sequence[str]], "Tokenizer"]


def words_with_spaces() -> PreTokenizer:
    """A pre-tokenizer that splits before every space: no space is lost, no subword spans words."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(r"\s?\S+|\s"), behavior="isolated")


def codecs(corpus: Corpus, *, train: Train, shared: bool) -> Codecs:
    """Train a codec for each side or, if `shared`, one for both; ids are in alphabetical order.

    Raises `HarnessError` if the training split has no text.
    """
    sources = [pair.source for pair in corpus.train]
    targets = [pair.target for pair in corpus.train]
    if shared:
        both = _codec([*sources, *targets], train=train)
        return Codecs(both, both)
    return Codecs(_codec(sources, train=train), _codec(targets, train=train))


def _codec(lines: Sequence[str], *, train: Train) -> Vocabulary:
    with _single_thread():
        tokenizer = train([_with_space(line) for line in lines])
    vocabulary = tokenizer.get_vocab()
    # Sorted, so that ids do not depend on the order in which the library numbers subwords.
    tokens = sorted(vocabulary.keys() - {UNKNOWN})
    if not tokens:
        raise HarnessError(
            "the training split has no text to learn subwords from; check the dataset"
        )

    def split(line: str) -> list[str]:
        subwords = tokenizer.encode(_with_space(line)).tokens
        # BPE names the unknown token; a unigram model returns the unknown text itself.
        return [subword if subword in vocabulary else UNKNOWN for subword in subwords]

    return Vocabulary(tokens=tokens, split=split, join=_join)


def _with_space(line: str) -> str:
    """The line with a leading space, so that its first word is tokenized like any other."""
    return f" {line}"


def _join(subwords: Sequence[str]) -> str:
    return "".join(subwords).removeprefix(" ")


@contextmanager
def _single_thread() -> Iterator[None]:
    """Turn off the library's threads, so that training gives the same subwords every time."""
    before = os.environ.get(_PARALLEL)
    os.environ[_PARALLEL] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PARALLEL]
        else:
            os.environ[_PARALLEL] = before
