"""Held against pairs recounted at each merge, and the most probable of all segmentations."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.components import Tokenizer
from harness.contracts import UNK, Codec, Corpus, Pair
from harness.errors import HarnessError
from harness_tokenizers import Bpe, Unigram

LINES = [
    f"{who} {what} {where}."
    for who in ("ein kleiner hund", "eine kleine frau", "der alte mann", "die hunde")
    for what in ("schläft", "schlafen", "spielt und lacht", "spielen", "lachen")
    for where in ("im garten", "in den gärten", "auf der straße", "neben dem alten haus")
]
BOTH = [Bpe(largest=60), Unigram(largest=60)]
both = pytest.mark.parametrize("tokenizer", BOTH, ids=lambda tokenizer: tokenizer.name)


def _corpus(lines: list[str], *, other: list[str] | None = None) -> Corpus:
    pairs = [Pair(line, line.upper()) for line in lines]
    return Corpus(train=pairs, validation=[Pair(line, line) for line in other or lines], test=[])


CODECS = {tokenizer.name: tokenizer.build(_corpus(LINES)).source for tokenizer in BOTH}


@settings(max_examples=200)
@given(st.text(alphabet=sorted(set("".join(LINES))), max_size=40))
def test_known_text_is_restored(line: str) -> None:
    for codec in CODECS.values():
        assert codec.decode(codec.encode(line)) == line


@both
def test_every_line_is_restored_from_fewer_tokens_than_characters(tokenizer: Tokenizer) -> None:
    codec = CODECS[tokenizer.name]
    for line in LINES:
        ids = codec.encode(line)
        assert codec.decode(ids) == line
        assert UNK not in ids
        assert len(ids) < len(line) / 1.5
        assert max(ids) < codec.size <= 64


@both
def test_characters_outside_the_training_split_are_unknown(tokenizer: Tokenizer) -> None:
    codec = CODECS[tokenizer.name]
    ids = codec.encode("ein 漢 hund")
    assert ids.count(UNK) == 1
    assert codec.decode(ids) == "ein <unk> hund"
    assert codec.decode([1, *codec.encode("hund"), 2, 0]) == "hund"


@both
def test_no_subword_spans_two_words(tokenizer: Tokenizer) -> None:
    codec = CODECS[tokenizer.name]
    texts = [codec.decode([number, number]) for number in range(4, codec.size)]
    assert not any(" " in text[1 : len(text) // 2] for text in texts)


@both
def test_only_the_training_split_is_learned(tokenizer: Tokenizer) -> None:
    codec = tokenizer.build(_corpus(LINES, other=["völlig anderer text"] * 99)).source
    assert [codec.encode(line) for line in LINES] == [_encoded(tokenizer, line) for line in LINES]
    assert codec.size == CODECS[tokenizer.name].size


def _encoded(tokenizer: Tokenizer, line: str) -> list[int]:
    return CODECS[tokenizer.name].encode(line)


@both
def test_training_again_gives_the_same_ids(tokenizer: Tokenizer) -> None:
    again: Codec = tokenizer.build(_corpus(LINES)).source
    assert [again.encode(line) for line in LINES] == [_encoded(tokenizer, line) for line in LINES]


@both
def test_each_side_has_its_own_vocabulary_unless_shared(tokenizer: Tokenizer) -> None:
    source, target = tokenizer.build(_corpus(LINES))
    assert UNK in source.encode("HUND")
    assert target.decode(target.encode("HUND")) == "HUND"
    shared = type(tokenizer)(largest=90, shared=True).build(_corpus(LINES))
    assert shared.source is shared.target
    assert shared.source.decode(shared.source.encode("hund HUND")) == "hund HUND"


@both
@pytest.mark.parametrize("text", ["<unk>", "<pad>", "<s>", "</s>", "[UNK]", "<unk><unk>", "<UNK>"])
@pytest.mark.parametrize("times", [0, 9])
def test_the_name_of_a_special_token_is_text_like_any_other(
    tokenizer: Tokenizer, text: str, times: int
) -> None:
    lines = [*LINES, " ".join(text), *[line.replace("hund", text) for line in LINES] * times]
    codec = type(tokenizer)(largest=120).build(_corpus(lines)).source
    for line in (text, f"ein {text} lacht.", f"hund{text}hund"):
        ids = codec.encode(line)
        assert codec.decode(ids) == line
        assert min(ids) > UNK
    assert UNK in codec.encode("漢")


CHARACTERS = len(set(" ".join(LINES)))


@both
@pytest.mark.parametrize("largest", [1, 5, CHARACTERS - 1, CHARACTERS, CHARACTERS + 1])
def test_single_characters_always_stay_and_others_only_within_the_limit(
    tokenizer: Tokenizer, largest: int
) -> None:
    codec = type(tokenizer)(largest=largest).build(_corpus(LINES)).source
    assert codec.size == 4 + max(largest, CHARACTERS)
    for line in LINES:
        ids = codec.encode(line)
        assert codec.decode(ids) == line
        assert UNK not in ids
        assert largest > CHARACTERS or len(ids) == len(f" {line}")


@both
@pytest.mark.parametrize("lines", [["a"], ["ab"] * 9, ["漢字"], ["a b"]])
def test_a_tiny_corpus_is_enough(tokenizer: Tokenizer, lines: list[str]) -> None:
    for largest in (1, 2, 3, 8000):
        codec = type(tokenizer)(largest=largest).build(_corpus(lines)).source
        assert codec.decode(codec.encode(lines[0])) == lines[0]


# --- oracles --------------------------------------------------------------------------------------


def _words(lines: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(word) for line in lines for word in re.findall(r" \S+", f" {line}"))


def _merged(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    merged, rest = [], list(word)
    while rest:
        take = 2 if tuple(rest[:2]) == pair else 1
        merged.append("".join(rest[:take]))
        del rest[:take]
    return tuple(merged)


def test_bpe_always_merges_a_most_frequent_pair_and_segments_accordingly() -> None:
    trained = Bpe(largest=80)._train([f" {line}" for line in LINES])
    merges = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    words = _words(LINES)
    assert len(merges) > 20
    for pair in merges:
        counts: Counter[tuple[str, str]] = Counter()
        for word, count in words.items():
            for adjacent in pairwise(word):
                counts[adjacent] += count
        assert counts[pair] == max(counts.values())
        merged: Counter[tuple[str, ...]] = Counter()
        for word, count in words.items():
            merged[_merged(word, pair)] += count
        words = merged
    assert max(counts.values()) >= 2
    for word in words:
        assert tuple(trained.encode("".join(word)).tokens) == word


def test_unigram_segmentations_are_the_most_probable() -> None:
    trained = Unigram(largest=80)._train([f" {line}" for line in LINES])
    scores = dict(json.loads(trained.to_str())["model"]["vocab"])
    for word in (" hunde", " garten", " kleine", " schlaft", " haus."):
        best_score, best = -1e9, []
        for count in range(len(word)):
            for places in combinations(range(1, len(word)), count):
                ends = [0, *places, len(word)]
                subwords = [word[start:end] for start, end in pairwise(ends)]
                score = sum(scores.get(subword, -1e6) for subword in subwords)
                if score > best_score:
                    best_score, best = score, subwords
        assert trained.encode(word).tokens == best


def test_rare_pairs_are_not_merged() -> None:
    codec = Bpe(largest=500, least_count=10**6).build(_corpus(LINES)).source
    assert codec.size == 4 + len(set("".join(LINES)))


def test_an_empty_training_split_is_an_error() -> None:
    with pytest.raises(HarnessError, match="no text to learn subwords from"):
        Bpe().build(Corpus(train=[], validation=[], test=[]))
