"""Text from elsewhere is shown on a terminal and not obeyed by it, whatever prints it."""

from __future__ import annotations

import json
import unicodedata

import pytest

from harness.printable import printable, printable_json

# Unicode's own lists: controls (Cc), and everything that its rules of direction call explicit.
DIRECTIONS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
CONTROLS = [code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"]
REORDERING = [
    code for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in DIRECTIONS
]
MARKS = [0x200E, 0x200F, 0x061C]


@pytest.mark.parametrize("code", [*CONTROLS, *REORDERING, *MARKS])
def test_what_a_terminal_obeys_is_an_escape(code: int) -> None:
    text = f"a{chr(code)}b"
    if text in ("a\tb", "a\nb"):
        assert printable(text) == text
    else:
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        assert printable(text) == f"a{escape}b"
    written = json.dumps(text, ensure_ascii=False)
    assert chr(code) not in printable_json(written)
    assert json.loads(printable_json(written)) == text


def test_letters_of_every_script_are_left_alone() -> None:
    text = "Größe, 日本語, العربية, עברית, हिन्दी, 👩‍🔬, caf\u0065\u0301"
    assert printable(text) == text
    assert printable_json(json.dumps(text, ensure_ascii=False)) == f'"{text}"'


def test_a_long_line_is_cut_and_says_by_how_much() -> None:
    shown = printable(f"one\n{'x' * 2_000_000}\n{'y' * 10_000}")
    one, cut, whole = shown.split("\n")
    assert (one, whole) == ("one", "y" * 10_000)
    assert cut == f"{'x' * 10_000}... (1,990,000 more characters)"


def test_an_escape_is_no_way_around_the_limit() -> None:
    assert len(printable("\x1b" * 1_000_000)) < 4 * 10_000 + 40
