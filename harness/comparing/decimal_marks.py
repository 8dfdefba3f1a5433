"""Decimal marks in tables: points, or the commas of many spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.comparing.csv_table import CsvRow, CsvTable
from harness.errors import Fault

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_WHOLE = re.compile(r"[+-]?\d+")


def has_decimal_commas(table: CsvTable) -> bool:
    """True for a spreadsheet of a locale with decimal commas, which delimits by semicolons."""
    return table.delimiter == ";" and any("," in row.cells["value"] for row in table.rows)


def ambiguous_marks(table: CsvTable) -> Iterator[Fault]:
    """Numbers such as 1,234 beside 987, of which each may be a thousand and more, or one and more.

    Only spreadsheets that delimit by semicolons have both readings. A metric of which any number
    can be read in one way only, such as 0,5 or 12,34, has decimals throughout.
    """
    if table.delimiter != ";":
        return
    by_metric: dict[str, list[CsvRow]] = {}
    for row in table.rows:
        by_metric.setdefault(row.cells["metric"], []).append(row)
    for rows in by_metric.values():
        whole = [row for row in rows if _WHOLE.fullmatch(row.cells["value"])]
        marked = [row for row in rows if {".", ","} & {*row.cells["value"]}]
        if whole and all(_THOUSANDS.fullmatch(row.cells["value"]) for row in marked):
            yield from (_fault(row, beside=whole[0].cells["value"]) for row in marked)


def _fault(row: CsvRow, *, beside: str) -> Fault:
    text = row.cells["value"]
    digits = re.sub("[.,]", "", text)
    return Fault(
        row.place,
        f"value {text!r} beside {beside!r} is {digits} or has decimals; write thousands without a"
        " mark, or decimals in every row",
    )
