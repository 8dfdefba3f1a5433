"""Text of one language: one vocabulary for prompts and for what follows them."""

from __future__ import annotations

import json

import pytest

from harness.components import Tokenizer
from harness.contracts import UNK, Corpus, Pair
from harness_tokenizers import Bpe, Char, Spacy, Unigram, Word

LINES = ("A man in a hat runs.", "Two dogs play.", "A dog runs in a park.")


def corpus(*, prompt: int) -> Corpus:
    pairs = [
        Pair(" ".join(line.split()[:prompt]), " ".join(line.split()[prompt:])) for line in LINES
    ]
    return Corpus(train=pairs, validation=pairs, test=pairs, continues=True)


@pytest.mark.parametrize(
    "tokenizer",
    [
        Char(),
        Word(),
        Word(shared=True, least_count=2),
        Bpe(largest=40),
        Unigram(largest=40, shared=True),
        Spacy(),
    ],
    ids=lambda tokenizer: tokenizer.name,
)
def test_it_is_learned_from_whole_texts_whatever_their_prompts(tokenizer: Tokenizer) -> None:
    if tokenizer.name == "spacy":
        pytest.importorskip("spacy", reason="spaCy is not installed: pip install spacy")
    without, prompted = (tokenizer.build(corpus(prompt=prompt)) for prompt in (0, 2))
    assert without.source is without.target
    assert prompted.source is prompted.target
    assert prompted.target.size == without.target.size
    for line in LINES:
        assert prompted.source.encode(line) == without.target.encode(line)
        if UNK not in without.target.encode(line):
            assert without.target.decode(without.target.encode(line)) == line


@pytest.mark.parametrize(
    "tokenizer", [Word(), Bpe(largest=40), Spacy()], ids=lambda tokenizer: tokenizer.name
)
def test_what_it_stores_for_both_sides_comes_back(tokenizer: Tokenizer) -> None:
    if tokenizer.name == "spacy":
        pytest.importorskip("spacy", reason="spaCy is not installed: pip install spacy")
    line = "A man can't run, e.g. in a park."  # which German rules split otherwise
    codec, _ = tokenizer.build(
        Corpus(train=[Pair("", line)], validation=[], test=[], continues=True)
    )
    source, target = tokenizer.restored(json.loads(json.dumps([codec.stored()])))
    assert source is target
    assert target.encode(line) == codec.encode(line)
    assert UNK not in codec.encode(line)


def test_a_token_is_counted_once_though_both_sides_share_it() -> None:
    codec = Word(shared=True, least_count=2).build(corpus(prompt=1)).target
    known = {word for line in LINES for word in line.split() if UNK not in codec.encode(word)}
    assert known == {"A", "in", "a", "runs", "runs."}  # whose full stops are tokens of their own
