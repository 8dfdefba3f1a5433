"""Delimited text as programs and spreadsheets write it, row by row."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.errors import Fault, HarnessError

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"


class CsvRow(NamedTuple):
    """One line of a table, by column; a cell that is not there is empty."""

    place: str  # file:line
    cells: Mapping[str, str]


class CsvTable(NamedTuple):
    """A table, as far as it can be read, and what is wrong with it."""

    columns: Sequence[str]
    rows: Sequence[CsvRow]
    delimiter: str
    faults: Sequence[Fault]


def read_csv(content: bytes, *, name: str) -> CsvTable:
    """A table with a header; delimited by what divides its header most: comma, semicolon or tab.

    Names of columns are in small letters. Rows without any text are left out, byte order marks too.
    Raises `HarnessError` for what is no text, and for nothing at all.
    """
    text = _decoded(content, name=name)
    first = next((line for line in text.splitlines() if line.strip()), None)
    if first is None:
        raise HarnessError(f"{name}: empty")
    delimiter = max(_DELIMITERS, key=first.count)
    faults: list[Fault] = []
    (_, header), *rows = _lines(text, name=name, delimiter=delimiter, faults=faults) or [("", [])]
    columns = [cell.casefold() for cell in header]
    found = [CsvRow(place, _cells(columns, cells=cells)) for place, cells in rows]
    return CsvTable(columns, found, delimiter, faults)


def _decoded(content: bytes, *, name: str) -> str:
    encoding = "utf-16" if content.startswith(_WIDE) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise HarnessError(
            f"{name}:{line}: not text in UTF-8 ({error.reason}); save the table as CSV UTF-8"
        ) from None


def _lines(
    text: str, *, name: str, delimiter: str, faults: list[Fault]
) -> list[tuple[str, list[str]]]:
    """Each line that has some text, with its place; none after quotes that do not fit."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = []
    place = f"{name}:1"
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((place, [cell.strip() for cell in cells]))
            place = f"{name}:{reader.line_num + 1}"
    except csv.Error as error:
        faults.append(Fault(place, f"not a row of a table: {error}"))
    return found


def _cells(columns: Sequence[str], *, cells: Sequence[str]) -> Mapping[str, str]:
    given = [*cells, *[""] * (len(columns) - len(cells))]
    return dict(zip(columns, given, strict=False))
