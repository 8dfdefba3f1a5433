"""Reading of delimited text as programs and spreadsheets write it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.errors import Fault, HarnessError

# Excel's "Unicode text" is UTF-16, and its "CSV UTF-8" begins with a mark too.
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')


class CsvRow(NamedTuple):
    """One row of a table, by column; a missing cell is empty."""

    place: str  # file:line
    cells: Mapping[str, str]


class CsvTable(NamedTuple):
    """The readable rows of a table, and the faults of the others."""

    columns: Sequence[str]
    rows: Sequence[CsvRow]
    delimiter: str
    faults: Sequence[Fault]


def read_csv(content: bytes, *, name: str) -> CsvTable:
    """Read a table with a header, delimited by commas, semicolons or tabs.

    The delimiter is the most frequent one in the header, outside quotes. Column names are lower
    case. Rows without any text and byte order marks are dropped. Raises `HarnessError` for binary
    or empty content.
    """
    text = _decoded(content, name=name)
    unquoted = io.StringIO(_QUOTED.sub('""', text), newline="")
    first = next((line for line in unquoted if line.strip()), None)
    if first is None:
        raise HarnessError(f"{name}: empty")
    delimiter = max(_DELIMITERS, key=first.count)
    faults: list[Fault] = []
    (_, header), *rows = _lines(text, name=name, delimiter=delimiter, faults=faults) or [("", [])]
    columns = [cell.casefold() for cell in header]
    table_rows = []
    for place, cells in rows:
        if any(cells[len(columns) :]):  # empty cells at the end of a row are a spreadsheet's
            fault = f"{len(cells)} cells below {len(columns)} columns"
            hint = "; a decimal comma needs semicolons between cells" if delimiter == "," else ""
            faults.append(Fault(place, f"{fault}{hint}"))
        else:
            table_rows.append(CsvRow(place, _cells(columns, cells=cells)))
    return CsvTable(columns, table_rows, delimiter, faults)


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
    """The non-empty lines with their places; reading stops at unbalanced quotes."""
    # Strict: otherwise a quote that is never closed swallows the rest of the file as one cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    place = f"{name}:1"
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((place, [cell.strip() for cell in cells]))
            place = f"{name}:{reader.line_num + 1}"
    except csv.Error as error:
        faults.append(Fault(place, f"not a row of a table: {error}"))
    return lines


def _cells(columns: Sequence[str], *, cells: Sequence[str]) -> Mapping[str, str]:
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    return dict(zip(columns, padded, strict=False))  # beyond the header, cells are empty
