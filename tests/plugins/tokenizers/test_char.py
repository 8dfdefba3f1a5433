"""Held against any text, which comes back, and the lines of the real corpus."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from harness.contracts import BOS, EOS, UNK
from harness_tokenizers.char import Char


@given(st.text())
@example("  zwei  Räume ")
@example("<unk><pad>")
def test_a_known_line_comes_back_to_the_last_space(corpus, line: str) -> None:
    codec = Char().build(corpus([line, "x"])).source
    tokens = codec.encode(line)
    assert len(tokens) == len(line)
    assert codec.decode([BOS, *tokens, EOS]) == line


def test_a_character_that_is_not_known_is_unk(corpus) -> None:
    codec = Char().build(corpus(["abba"])).source
    assert codec.encode("abc") == [4, 5, UNK]
    assert codec.decode([4, UNK, 5]) == "a<unk>b"


def test_special_names_are_spelled(corpus) -> None:
    codec = Char().build(corpus(["<unk>"])).source
    assert len(codec.encode("<unk>")) == 5
    assert UNK not in codec.encode("<unk>")


def test_train_alone_teaches(corpus) -> None:
    source, target = Char().build(corpus(["ab"], targets=["cd"]))
    assert source.encode("abV") == [4, 5, UNK]
    assert target.encode("cdx") == [4, 5, UNK]


def test_options_do_what_they_say(corpus) -> None:
    lower = Char(lowercase=True).build(corpus(["AbB"])).source
    assert lower.encode("Bba") == [4, 4, 5]
    rare = Char(least_count=2).build(corpus(["aab"])).source
    assert rare.encode("ab") == [4, UNK]
    source, target = Char(shared=True).build(corpus(["a"], targets=["bb"]))
    assert source is target
    assert source.encode("ab") == [5, 4]


def test_a_thousand_real_lines_come_back_as_they_were(corpus, multi30k: Path) -> None:
    lines = (multi30k / "train.de").read_text("utf-8").split("\n")[:1000]
    codec = Char().build(corpus(lines)).source
    assert [codec.decode(codec.encode(line)) for line in lines] == lines
