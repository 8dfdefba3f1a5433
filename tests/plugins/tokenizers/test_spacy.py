"""Held against the library's own tokens, and the example in its documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.contracts import UNK
from harness.errors import HarnessError
from harness_tokenizers.spacy import Spacy
from harness_tokenizers.vocabulary import ATTACHED

spacy = pytest.importorskip("spacy", reason="spaCy is not installed: pip install spacy")


@pytest.fixture(scope="session")
def english() -> Spacy:
    return Spacy(source="en")


def _tokens(codec, line: str) -> list[str]:
    return [codec.decode([token]) for token in codec.encode(line)]


def test_the_example_in_the_documentation(corpus, english: Spacy) -> None:
    line = "“Let's go to N.Y.!”"  # spacy.io/usage/linguistic-features#how-tokenizer-works
    codec = english.build(corpus([line])).source
    assert _tokens(codec, line) == ["“", "Let", "'s", "go", "to", "N.Y.", "!", "”"]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Z.B. der Hund gibt's auf, usw. (3,5 km/h)."),
        ("en", "I don't like U.S. cats; do you? $5.50, e.g. a.b@c.de"),
    ],
)
def test_tokens_equal_those_of_the_library(language: str, line: str, corpus) -> None:
    codec = Spacy(source=language).build(corpus([line])).source
    assert _tokens(codec, line) == [token.text for token in spacy.blank(language)(line)]


def test_each_side_has_its_own_rules(corpus) -> None:
    codecs = Spacy().build(corpus(["don't usw."]))
    assert _tokens(codecs.source, "usw.") == ["usw."]
    assert _tokens(codecs.target, "don't") == ["do", "n't"]
    assert _tokens(codecs.source, "don't") != ["do", "n't"]


@settings(max_examples=8)
@given(st.text())
@example("I don't; he's (not) -- 3,5 km/h.")
@example("a . b .c")
@example("\x1f a \x1f. \x1fb\x1f")
@example("e\u0301 \u200b \ufeff \u2028x\ty")
def test_a_known_line_is_restored_with_white_space_collapsed(
    corpus, english: Spacy, line: str
) -> None:
    codec = english.build(corpus([line, "x"])).source
    assert codec.decode(codec.encode(line)) == " ".join(line.split())


def test_only_the_training_split_is_learned(corpus) -> None:
    source, target = Spacy().build(corpus(["der Hund"], targets=["the dog"]))
    assert source.encode("Hund der Validierung Prüfung") == [4, 5, UNK, UNK]
    assert target.encode("validation examination der") == [UNK, UNK, UNK]
    assert source.size == target.size == 6


def test_punctuation_after_a_space_and_after_a_word_are_distinct(corpus, english: Spacy) -> None:
    codec = english.build(corpus(["a . b"])).source
    assert codec.encode("x . b")[1:] == codec.encode("a . b")[1:]
    assert codec.encode("Hund.")[1] == UNK
    assert ATTACHED not in codec.decode(codec.encode("a . b"))


def test_rare_words_are_unknown_and_lowercase_drops_capitals(corpus) -> None:
    codec = Spacy(least_count=2, lowercase=True).build(corpus(["Der der Hund"])).source
    assert codec.encode("DER Hund") == [4, UNK]
    assert Spacy(largest=1).build(corpus(["a a b"])).source.encode("a b") == [4, UNK]


def test_lines_of_the_real_corpus_are_restored(corpus, multi30k: Path) -> None:
    for side in ("de", "en"):
        text = (multi30k / f"test_2016_flickr.{side}").read_text("utf-8")
        lines = text.splitlines()[:200]
        codec = Spacy(source=side).build(corpus(lines)).source
        assert [codec.decode(codec.encode(line)) for line in lines] == lines


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "reason"), [("xq", "import language xq"), ("ja", "Sudachi")])
def test_an_unsupported_language_is_a_one_line_error(language: str, reason: str, corpus) -> None:
    with pytest.raises(HarnessError, match=f"no language '{language}': .*{reason}") as error:
        Spacy(source=language).build(corpus(["x"]))
    assert "\n" not in str(error.value)


def test_without_the_library_the_error_says_how_to_install_it(
    corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(HarnessError, match=r"pip install 'transformer-harness\[spacy\]'"):
        Spacy().build(corpus(["x"]))
