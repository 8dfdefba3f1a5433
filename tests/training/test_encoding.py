"""Many lines at once against the same lines one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.components import Tokenizer
from harness.contracts import BOS, EOS, Codec, Corpus, Pair, PiecewiseCodec
from harness.errors import ComponentError
from harness.training import encoding, guards
from harness.training.encoding import encode_rows
from harness_tokenizers import Bpe, Char, Unigram, Word

LINES = (
    "Ein Mann, der rennt.",
    "zwei  Hunde laufen",
    "ein Hund <unk> UNK> läuft schnell",
    "\u0130a",
)
PAIRS = [Pair(line, line) for line in LINES]
CORPUS = Corpus(train=PAIRS, validation=PAIRS, test=PAIRS)
TOKENIZERS = (Bpe(largest=30), Unigram(largest=40), Word(), Word(lowercase=True), Char())
CODECS = {
    f"{number} {tokenizer.name}": guards.tokenizer(tokenizer, corpus=CORPUS).source
    for number, tokenizer in enumerate(TOKENIZERS)
}
# White space of all kinds, separators that only Python counts, and what they may surround.
SPACE = "\t\x0b\x1c\x1f \x85\xa0\u1680\u2003\u2028\u3000\n"
TEXT = st.text(f"einHud. <>UNK\u0130\u03a3{SPACE}", max_size=20)


@pytest.mark.parametrize("name", CODECS)
@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6))
def test_lines_together_have_the_tokens_that_each_has_alone(name: str, lines: list[str]) -> None:
    codec = CODECS[name]
    assert isinstance(codec, PiecewiseCodec)
    rows = encode_rows(lines, codec=codec, begins=True)
    assert [row.tolist() for row in rows] == [[BOS, *codec.encode(line), EOS] for line in lines]


def test_no_white_space_of_unicode_is_taken_for_a_word_by_one_side_only() -> None:
    codec = CODECS["0 bpe"]
    lines = [f"ein{chr(code)}Hund" for code in range(0x3100)]
    rows = encode_rows(lines, codec=codec, begins=False)
    assert [row.tolist()[:-1] for row in rows] == [codec.encode(line) for line in lines]


def test_pieces_are_forgotten_and_met_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_AT_ONCE", 1)
    monkeypatch.setattr(encoding, "_KNOWN", 2)
    codec, lines = CODECS["2 word"], [*LINES, *LINES]
    rows = encode_rows(lines, codec=codec, begins=False)
    assert [row.tolist() for row in rows] == [[*codec.encode(line), EOS] for line in lines]


class Fixed:
    """A codec of one token, with pieces that are given."""

    size = 5

    def __init__(self, counts: list[int], piece: list[int]) -> None:
        self._counts, self._piece = counts, piece

    def encode(self, line: str) -> list[int]:
        return [4]

    def decode(self, tokens: object) -> str:
        return ""

    def pieces(self, lines: object) -> tuple[list[str], list[int]]:
        return ["a", "b"], self._counts

    def encode_piece(self, piece: str) -> list[int]:
        return self._piece


@pytest.mark.parametrize(
    ("counts", "piece", "fault"),
    [([1], [4], "pieces of every line"), ([1, 2], [4], "pieces of every"), ([1, 1], [9], "from 3")],
)
def test_pieces_that_break_the_contract_name_their_tokenizer(
    counts: list[int], piece: list[int], fault: str
) -> None:
    owner: Tokenizer = Word()
    codec: Codec = guards.guarded(Fixed(counts, piece), owner=owner)
    with pytest.raises(ComponentError, match=fault):
        encode_rows(["a", "b"], codec=codec, begins=False)
