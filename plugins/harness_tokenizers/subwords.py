"""Codecs of subwords, trained by Hugging Face's `tokenizers`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Annotated

from annotated_types import Gt, Le

from harness.contracts import SPECIAL_TOKENS, UNK, Codecs, Corpus
from harness.errors import HarnessError
from harness_tokenizers.interchange import subwords as subword_file
from harness_tokenizers.vocabulary import Vocabulary, both_sides

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

# With line breaks, which no line has: the library takes a special token in the text for itself.
Subwords = Annotated[int, Gt(0), Le(1_000_000)]
_SPECIAL = [f"\n{name}\n" for name in SPECIAL_TOKENS]
UNKNOWN = _SPECIAL[UNK]
# The white space of the library's \s, which is not all of Python's.
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WORDS = re.compile(f"[{_SPACE}]?[^{_SPACE}]+|[{_SPACE}]")
_PARALLEL = "TOKENIZERS_PARALLELISM"

Train = Callable[[Sequence[str]], "Tokenizer"]


@dataclass(frozen=True, kw_only=True)
class SubwordVocabulary(Vocabulary):
    """A codec over the subwords of a tokenizer that the library trained."""

    trained: Tokenizer

    @cached_property
    def _renumbered(self) -> Sequence[int]:
        """By the library's numbers, the ids of subwords, and unk of the unknown token."""
        numbers = self.trained.get_vocab()
        ids = {numbers[token]: number for number, token in enumerate(self.tokens, len(_SPECIAL))}
        return [ids.get(number, UNK) for number in range(max(numbers.values()) + 1)]

    def pieces(self, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[int]]:
        """The words of lines, beyond which no subword goes, and their number in each."""
        if any("\n" in line for line in lines):  # never of a file
            words = [_WORDS.findall(_with_space(line)) for line in lines]
            return [*chain.from_iterable(words)], [*map(len, words)]
        # All lines at once, which is twice as fast. Each begins with a space, so that the break
        # before it belongs to no word.
        found = _WORDS.findall("\n".join(map(_with_space, lines)))
        ends = [place for place, word in enumerate(found) if word == "\n"]
        counts = [end - begin - 1 for begin, end in pairwise([-1, *ends, len(found)])]
        return [word for word in found if word != "\n"], counts

    def encode_piece(self, piece: str) -> list[int]:
        """The ids of a word, with the space before it."""
        return [self._renumbered[number] for number in self.trained.encode(piece).ids]

    def stored(self) -> object:
        """The trained tokenizer, in the library's own words."""
        data: object = json.loads(self.trained.to_str())
        return data

    def interchange(self) -> Mapping[str, object]:
        """The trained tokenizer, with the ids that the model knows."""
        data = json.loads(self.trained.to_str())
        return subword_file(data, tokens=self.tokens, special=_SPECIAL)


def words_with_spaces() -> PreTokenizer:
    """A pre-tokenizer that splits before every space: no space is lost, no subword spans words."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(r"\s?\S+|\s"), behavior="isolated")


def codecs(corpus: Corpus, *, train: Train, shared: bool) -> Codecs:
    """Train a codec for each side; one for both if `shared`, or of text that continues.

    Ids are in alphabetical order.
    Raises `HarnessError` if the training split has no text.
    """
    if corpus.continues:
        one = _codec(corpus.texts, train=train)
        return Codecs(one, one)
    sources = [pair.source for pair in corpus.train]
    targets = [pair.target for pair in corpus.train]
    if shared:
        both = _codec([*sources, *targets], train=train)
        return Codecs(both, both)
    return Codecs(_codec(sources, train=train), _codec(targets, train=train))


def _codec(lines: Sequence[str], *, train: Train) -> SubwordVocabulary:
    with _single_thread():
        tokenizer = train([_with_space(line) for line in lines])
    codec = _of_trained(tokenizer)
    if not codec.tokens:
        raise HarnessError(
            "the training split has no text to learn subwords from; check the dataset"
        )
    return codec


def restored(sides: Sequence[object]) -> Codecs:
    """The codecs of which ``stored`` gave these; raises `HarnessError` for any other data."""
    from tokenizers import Tokenizer

    try:
        trained = [Tokenizer.from_str(json.dumps(side)) for side in sides]
    except Exception as fault:  # noqa: BLE001 - the library raises no class of its own
        reason = " ".join(str(fault).split())
        raise HarnessError(f"a stored vocabulary of subwords is damaged: {reason}") from None
    return both_sides([_of_trained(tokenizer) for tokenizer in trained])


def _of_trained(tokenizer: Tokenizer) -> SubwordVocabulary:
    vocabulary = tokenizer.get_vocab()
    # Sorted, so that ids do not depend on the order in which the library numbers subwords.
    tokens = sorted(vocabulary.keys() - {UNKNOWN})

    def split(line: str) -> list[str]:
        subwords = tokenizer.encode(_with_space(line)).tokens
        # BPE names the unknown token; a unigram model returns the unknown text itself.
        return [subword if subword in vocabulary else UNKNOWN for subword in subwords]

    return SubwordVocabulary(tokens=tokens, split=split, join=_join, trained=tokenizer)


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
