"""Markdown from arbitrary text: nothing in it is rendered as markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.report.tables import Note, Table

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPECIAL = re.compile(
    r"[\\`*\[\]|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore inside a word is literal
)


class Markdown(str):
    """Text that is Markdown already; any other string is escaped when it enters a report."""


def escape(value: object) -> Markdown:
    """One line of Markdown that renders as the text of `value`, with white space collapsed.

    It must not be at the start of a line, where ``#`` and ``-`` would be markup.
    """
    if isinstance(value, Markdown):
        return value
    if isinstance(value, Note):
        return Markdown(f"*{value}*")
    text = " ".join(_CONTROL.sub(" ", str(value)).split())
    text = _SPECIAL.sub(r"\\\g<0>", text)
    # Only where an entity or a tag would begin, so that the raw text stays readable.
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return Markdown(re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text))


def code(text: str) -> Markdown:
    """An inline code span; not for tables, in which a bar would end the cell."""
    line = " ".join(text.split())
    ticks = _ticks(line, least=1)
    # A tick at an end would join the fence; Markdown removes one space from both sides.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return Markdown(f"{ticks}{pad}{line}{pad}{ticks}")


def block(text: str, *, language: str) -> Markdown:
    """A fenced block of code."""
    fence = _ticks(text, least=3)
    return Markdown(f"{fence}{language}\n{text}\n{fence}")


def table(content: Table) -> Markdown:
    """A table whose columns are aligned in the raw text too."""
    cells = [[escape(cell) for cell in row] for row in (content.header, *content.rows)]
    right = content.right
    widths = [max(3, *(len(cell) for cell in column)) for column in zip(*cells, strict=True)]
    lines = [_line(row, widths=widths, right=right) for row in cells]
    rules = [
        "-" * (width - 1) + ":" if column >= right else "-" * width
        for column, width in enumerate(widths)
    ]
    return Markdown("\n".join([lines[0], f"| {' | '.join(rules)} |", *lines[1:]]))


def _line(row: Sequence[str], *, widths: Sequence[int], right: int) -> str:
    cells = [
        cell.rjust(width) if column >= right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"


def _ticks(text: str, *, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)  # or the text would end it
