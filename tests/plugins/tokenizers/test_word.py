"""Held against any text, which comes back, tokens by hand, and the real corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.contracts import BOS, EOS, PAD, UNK
from harness.errors import HarnessError
from harness_tokenizers.word import Word


def test_words_and_marks_are_tokens_of_their_own(corpus) -> None:
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
def test_a_known_line_comes_back_with_its_runs_of_white_space_as_one(corpus, line: str) -> None:
    codec = Word().build(corpus([line, "x"])).source
    assert codec.decode(codec.encode(line)) == " ".join(line.split())


@given(st.lists(st.integers(0, 11)))
def test_whatever_a_model_writes_is_a_line_without_spare_spaces(corpus, tokens: list[int]) -> None:
    codec = Word().build(corpus(["a b, c. <unk> d"])).source
    assert codec.size > 11
    text = codec.decode(tokens)
    assert text == " ".join(text.split())
    assert text.isprintable()


def test_special_numbers_frame_text_and_are_never_text(corpus) -> None:
    line = "<pad> <bos> <eos> <unk>"
    codec = Word().build(corpus([line])).source
    assert not {PAD, BOS, EOS, UNK} & set(codec.encode(line))
    assert codec.decode([BOS, *codec.encode(line), EOS, PAD, PAD]) == line


def test_what_is_not_known_is_unk_and_is_written_so(corpus) -> None:
    codec = Word().build(corpus(["der Hund schläft ."])).source
    tokens = codec.encode("der Hahn schläft!")
    assert tokens.count(UNK) == 2
    assert codec.decode(tokens) == "der <unk> schläft <unk>"


def test_a_mark_after_a_space_is_not_the_mark_after_a_word(corpus) -> None:
    codec = Word().build(corpus(["a . b"])).source
    assert UNK not in codec.encode("a . b")
    assert codec.encode("a. b")[1] == UNK


def test_train_alone_teaches(corpus) -> None:
    source, target = Word().build(corpus(["der Hund"], targets=["the dog"]))
    assert source.encode("Hund der Validierung Prüfung") == [4, 5, UNK, UNK]
    assert target.encode("validation examination der") == [UNK, UNK, UNK]
    assert source.size == target.size == 6


def test_numbers_go_by_frequency_and_then_by_text(corpus) -> None:
    codec = Word().build(corpus(["c b b a a d d d", "z"])).source
    assert codec.encode("d a b c z") == [4, 5, 6, 7, 8]


def test_rare_words_are_unknown_below_the_least_count(corpus) -> None:
    codec = Word(least_count=2).build(corpus(["a a b", "b c"])).source
    assert codec.encode("a b c") == [4, 5, UNK]


def test_only_the_largest_counts_fit(corpus) -> None:
    codec = Word(largest=2).build(corpus(["a a a b b c"])).source
    assert codec.encode("a b c") == [4, 5, UNK]
    assert codec.size == 6


def test_lowercase_forgets_capitals(corpus) -> None:
    codec = Word(lowercase=True).build(corpus(["Der Hund"])).source
    assert codec.decode(codec.encode("DER hund")) == "der hund"


def test_shared_is_one_vocabulary_over_the_counts_of_both_sides(corpus) -> None:
    source, target = Word(shared=True).build(corpus(["a b b"], targets=["c a a"]))
    assert source is target
    assert source.encode("a b c") == [4, 5, 6]


def test_train_that_teaches_nothing_is_refused(corpus) -> None:
    with pytest.raises(HarnessError, match="least_count"):
        Word(least_count=3).build(corpus(["a a b"]))


def test_a_thousand_real_lines_come_back_as_they_were(corpus, multi30k: Path) -> None:
    for side in ("de", "en"):
        lines = (multi30k / f"test_2016_flickr.{side}").read_text("utf-8").splitlines()
        assert len(lines) == 1000
        codec = Word().build(corpus(lines)).source
        assert [codec.decode(codec.encode(line)) for line in lines] == lines
