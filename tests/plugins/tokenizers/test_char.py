"""Held against round trips of random text and of the real corpus."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from harness.contracts import BOS, EOS, UNK
from harness_tokenizers.char import Char


@given(st.text())
@example("  zwei  Räume ")
@example("<unk><pad>")
def test_a_known_line_is_restored_with_all_spaces(corpus, line: str) -> None:
    codec = Char().build(corpus([line, "x"])).source
    tokens = codec.encode(line)
    assert len(tokens) == len(line)
    assert codec.decode([BOS, *tokens, EOS]) == line


def test_unknown_characters_are_unk(corpus) -> None:
    codec = Char().build(corpus(["abba"])).source
    assert codec.encode("abc") == [4, 5, UNK]
    assert codec.decode([4, UNK, 5]) == "a<unk>b"


def test_names_of_special_tokens_are_ordinary_text(corpus) -> None:
    codec = Char().build(corpus(["<unk>"])).source
    assert len(codec.encode("<unk>")) == 5
    assert UNK not in codec.encode("<unk>")


def test_only_the_training_split_is_learned(corpus) -> None:
    source, target = Char().build(corpus(["ab"], targets=["cd"]))
    assert source.encode("abV") == [4, 5, UNK]
    assert target.encode("cdx") == [4, 5, UNK]


def test_options_lowercase_least_count_and_shared(corpus) -> None:
    lower = Char(lowercase=True).build(corpus(["AbB"])).source
    assert lower.encode("Bba") == [4, 4, 5]
    rare = Char(least_count=2).build(corpus(["aab"])).source
    assert rare.encode("ab") == [4, UNK]
    source, target = Char(shared=True).build(corpus(["a"], targets=["bb"]))
    assert source is target
    assert source.encode("ab") == [5, 4]


def test_a_thousand_real_lines_are_restored(corpus, multi30k: Path) -> None:
    lines = (multi30k / "train.de").read_text("utf-8").split("\n")[:1000]
    codec = Char().build(corpus(lines)).source
    assert [codec.decode(codec.encode(line)) for line in lines] == lines
