"""Text as it is shown on a terminal: nothing in it is obeyed there, and no line is endless."""

from __future__ import annotations

import re

# All controls but tab and newline, with which a terminal is given orders (erase, set the title,
# fill the clipboard); the marks that reorder a line; and separators that some take for a new line.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LONGEST = 10_000  # characters of a line


def printable(text: object) -> str:
    r"""The text with such characters as escapes, `\x1b` or `\u202e`, and long lines cut."""
    return "\n".join(map(_line, str(text).split("\n")))


def printable_json(text: str) -> str:
    r"""JSON with such characters as `\u001b`, which its readers take for the same text."""
    # JSON itself escapes only those below U+0020, and they stand in its strings alone.
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _line(line: str) -> str:
    escaped = _OBEYED.sub(_escape, line[:_LONGEST])
    return (
        f"{escaped}... ({left:,} more characters)"
        if (left := len(line) - _LONGEST) > 0
        else escaped
    )


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
