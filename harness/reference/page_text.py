"""Markdown for pages that are written from the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from textwrap import dedent


def page(title: str, *, source: str, sections: Iterable[str]) -> str:
    """A whole page, with a line on what it is written from."""
    note = f"Written from {source} by `python -m harness.reference docs/reference`; edit that."
    return "\n\n".join([f"# {title}", note, *sections]) + "\n"


def prose(docstring: str) -> str:
    """A docstring as Markdown: tables and indented lines stay as they are, in blocks."""
    written = []
    for paragraph in re.split(r"\n\s*\n", docstring):
        if "====" in paragraph or paragraph.startswith("    "):
            written.append(f"```text\n{dedent(paragraph)}\n```")
        else:
            plain = paragraph.replace("``", "`")
            written.append(f"{plain[:-1]}" if plain.endswith("::") else plain)
    return "\n\n".join(written)


def markdown_table(heads: Sequence[str], *, rows: Iterable[Sequence[str]]) -> str:
    """A table, each row on a line of its own."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("\n", " ") for cells in lines)


def unquoted(signature: inspect.Signature) -> str:
    """A signature without the quotes around annotations."""
    return re.sub(r"'([^']*)'", r"\1", str(signature))
