"""Held against round trips of random text and the real corpus, and tokens counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.contracts import BOS, EOS, PAD, UNK
from harness.errors import HarnessError
from harness_tokenizers.word import Word


def test_words_and_punctuation_marks_are_separate_tokens(corpus) -> None:
    codec = Word().build(corpus(["Ja, ja . (Na-ja!)"])).source
    # Ja  ,+  ja  .  (  Na+  -+  ja+  !+  )+
    assert len(codec.encode("Ja, ja . (Na-ja!)")) == codec.size - 4 == 10


@given(st.text())
@example("Er sagte: „Ja!“ (leise) -- und 3,5 km/h.")
@example("don't stop")
@example("a . b .c")
@example("\x1f a \x1f. \x1fb\x1f")
@example("e\u0301 \u200b \ufeff \u2028x\ty")
@example("<pad> <bos> <eos> <unk>")
def test_a_known_line_is_restored_with_white_space_collapsed(corpus, line: str) -> None:
    codec = Word().build(corpus([line, "x"])).source
    assert codec.decode(codec.encode(line)) == " ".join(line.split())


@given(st.lists(st.integers(0, 11)))
def test_any_token_ids_decode_to_a_line_without_extra_spaces(corpus, tokens: list[int]) -> None:
    codec = Word().build(corpus(["a b, c. <unk> d"])).source
    assert codec.size > 11
    text = codec.decode(tokens)
    assert text == " ".join(text.split())
    assert text.isprintable()


def test_special_ids_are_never_text(corpus) -> None:
    line = "<pad> <bos> <eos> <unk>"
    codec = Word().build(corpus([line])).source
    assert not {PAD, BOS, EOS, UNK} & set(codec.encode(line))
    assert codec.decode([BOS, *codec.encode(line), EOS, PAD, PAD]) == line


def test_unknown_words_are_unk_and_decode_to_its_name(corpus) -> None:
    codec = Word().build(corpus(["der Hund schläft ."])).source
    tokens = codec.encode("der Hahn schläft!")
    assert tokens.count(UNK) == 2
    assert codec.decode(tokens) == "der <unk> schläft <unk>"


def test_punctuation_after_a_space_and_after_a_word_are_distinct(corpus) -> None:
    codec = Word().build(corpus(["a . b"])).source
    assert UNK not in codec.encode("a . b")
    assert codec.encode("a. b")[1] == UNK


def test_only_the_training_split_is_learned(corpus) -> None:
    source, target = Word().build(corpus(["der Hund"], targets=["the dog"]))
    assert source.encode("Hund der Validierung Prüfung") == [4, 5, UNK, UNK]
    assert target.encode("validation examination der") == [UNK, UNK, UNK]
    assert source.size == target.size == 6


def test_ids_are_sorted_by_frequency_and_then_by_text(corpus) -> None:
    codec = Word().build(corpus(["c b b a a d d d", "z"])).source
    assert codec.encode("d a b c z") == [4, 5, 6, 7, 8]


def test_rare_words_are_unknown_below_the_least_count(corpus) -> None:
    codec = Word(least_count=2).build(corpus(["a a b", "b c"])).source
    assert codec.encode("a b c") == [4, 5, UNK]


def test_largest_keeps_the_most_frequent_tokens(corpus) -> None:
    codec = Word(largest=2).build(corpus(["a a a b b c"])).source
    assert codec.encode("a b c") == [4, 5, UNK]
    assert codec.size == 6


def test_lowercase_drops_capitals(corpus) -> None:
    codec = Word(lowercase=True).build(corpus(["Der Hund"])).source
    assert codec.decode(codec.encode("DER hund")) == "der hund"


def test_shared_counts_both_sides_for_one_vocabulary(corpus) -> None:
    source, target = Word(shared=True).build(corpus(["a b b"], targets=["c a a"]))
    assert source is target
    assert source.encode("a b c") == [4, 5, 6]


def test_an_empty_vocabulary_is_an_error(corpus) -> None:
    with pytest.raises(HarnessError, match="least_count"):
        Word(least_count=3).build(corpus(["a a b"]))


def test_a_thousand_real_lines_are_restored(corpus, multi30k: Path) -> None:
    for side in ("de", "en"):
        lines = (multi30k / f"test_2016_flickr.{side}").read_text("utf-8").splitlines()
        assert len(lines) == 1000
        codec = Word().build(corpus(lines)).source
        assert [codec.decode(codec.encode(line)) for line in lines] == lines
