"""A DataFrame of scores as the table that scores of other programs are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.comparing.csv_table import CsvRow, CsvTable

if TYPE_CHECKING:
    import pandas

# Whatever pandas makes a DataFrame of.
Frame: TypeAlias = (
    "pandas.DataFrame | Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]"
)


def as_table(frame: Frame) -> CsvTable:
    """The rows of a frame as text, each placed by its number from 0; a missing value is empty."""
    import pandas

    scores = pandas.DataFrame(frame)
    columns = [str(column).casefold() for column in scores.columns]
    rows = [
        CsvRow(f"frame, row {number}", dict(zip(columns, map(_text, cells), strict=True)))
        for number, cells in enumerate(scores.itertuples(index=False, name=None))
    ]
    return CsvTable(columns, rows, ",", [])


def _text(cell: Any) -> str:
    """A cell as a file would have it; the digits of a float are all there."""
    import pandas

    missing = pandas.isna(cell)
    return "" if missing is True else str(cell).strip()
