"""Held against Hugging Face's tokenizers, which read what is exported, and encode and decode."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from harness.components import Tokenizer
from harness.contracts import UNK, Codec, Corpus, Pair, StorableCodec
from harness.errors import HarnessError
from harness_tokenizers import Bpe, Char, Spacy, Unigram, Word

LINES = [
    "Ein kleiner Hund schläft, im Garten.",
    "eine  Frau (sie) lacht: «ja!» ...",
    "don't  <pad> or <unk>x <bos><eos>",
    "x2² ½ _a_b é e\u0301 漢字 ",
    " \x1f a\x1fb\x1c\x85\u3000c UNK> <UNK>",
    "",
    " ",
]
UNSEEN = ["Ω ein Ωx", "der,Hund", "\x1f", "<unk>", "\u2028 zwei"]
TOKENIZERS = [
    Char(),
    Char(lowercase=True, least_count=2),
    Word(),
    Word(lowercase=True, least_count=2),
    Word(largest=5),
    Bpe(largest=60, least_count=1),
    Unigram(largest=60),
]
CORPUS = Corpus(train=[Pair(line, line[::-1]) for line in LINES], validation=[], test=[])


def storable(codec: Codec) -> StorableCodec:
    assert isinstance(codec, StorableCodec)
    return codec


def exchanged(codec: Codec) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_str(json.dumps(storable(codec).interchange()))


def stored(tokenizer: Tokenizer, *, sides: Sequence[Codec]) -> Sequence[Codec]:
    """The codecs of both sides, after a way through a file."""
    data = json.loads(json.dumps([storable(side).stored() for side in sides]))
    return tokenizer.restored(data)


every = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=repr)


@every
def test_the_library_encodes_and_decodes_what_we_do(tokenizer: Tokenizer) -> None:
    for ours in tokenizer.build(CORPUS):
        theirs = exchanged(ours)
        assert theirs.get_vocab_size() == ours.size
        for line in [*LINES, *UNSEEN, *(line[::-1] for line in LINES)]:
            numbers = ours.encode(line)
            if not line and isinstance(tokenizer, Bpe | Unigram):
                assert theirs.encode(line).ids == []  # the library makes nothing of an empty line
                continue
            assert theirs.encode(line).ids == numbers, repr(line)
            assert theirs.decode(numbers, skip_special_tokens=False) == ours.decode(numbers)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\n")))
def test_words_and_characters_are_cut_alike_in_any_text(line: str) -> None:
    for tokenizer in (Word(), Char()):
        ours = tokenizer.build(
            Corpus(train=[Pair(f"a {line}", "b")], validation=[], test=[])
        ).source
        assert exchanged(ours).encode(line).ids == ours.encode(line)


@every
def test_a_stored_codec_comes_back_with_the_same_ids(tokenizer: Tokenizer) -> None:
    built = tokenizer.build(CORPUS)
    for before, after in zip(built, stored(tokenizer, sides=built), strict=True):
        assert after.size == before.size
        for line in [*LINES, *UNSEEN]:
            assert after.encode(line) == before.encode(line)
            assert after.decode(before.encode(line)) == before.decode(before.encode(line))


@pytest.mark.parametrize("tokenizer", [Char(shared=True), Word(shared=True), Bpe(shared=True)])
def test_a_shared_codec_comes_back_as_one(tokenizer: Tokenizer) -> None:
    source, target = stored(tokenizer, sides=[tokenizer.build(CORPUS).source])
    assert source is target


def test_rules_that_the_format_cannot_say_have_no_file() -> None:
    pytest.importorskip("spacy")
    tokenizer = Spacy()
    built = tokenizer.build(CORPUS)
    assert storable(built.source).interchange() is None
    after = stored(tokenizer, sides=built)
    assert after[0].encode("Ein kleiner Hund.") == built.source.encode("Ein kleiner Hund.")
    assert UNK not in after[0].encode("Ein kleiner Hund")


@pytest.mark.parametrize("tokenizer", [Char(), Word(), Bpe(), Unigram()], ids=repr)
@pytest.mark.parametrize("sides", [[], [["a"]] * 3, [3], [["a", 3]], [{"model": {}}]], ids=repr)
def test_what_no_codec_stored_is_refused(tokenizer: Tokenizer, sides: list[object]) -> None:
    if sides == [["a"]] * 3 and isinstance(tokenizer, Bpe | Unigram):
        sides = [{}] * 3
    with pytest.raises(HarnessError, match="a stored vocabulary"):
        tokenizer.restored(sides)
