from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.comparing.csv_table import read_csv
from harness.errors import HarnessError

CELLS = st.text(st.characters(codec="utf-8"), max_size=6)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_reads_alike_however_a_spreadsheet_writes_it(
    delimiter: str, ending: str, encoding: str
) -> None:
    lines = ["", "Variant,SEED", '"a, ""b""",1', ",", 'ä," 2 "', ""]
    text = ending.join(lines)
    if delimiter != ",":
        text = text.replace(", ", "§").replace(",", delimiter).replace("§", ", ")
    table = read_csv(text.encode(encoding), name="scores.csv")
    assert table.columns == ["variant", "seed"]
    assert table.delimiter == delimiter
    assert table.faults == []
    assert [(row.place, row.cells) for row in table.rows] == [
        ("scores.csv:3", {"variant": 'a, "b"', "seed": "1"}),
        ("scores.csv:5", {"variant": "ä", "seed": "2"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "note",
    [
        "each, of, the; seeds; and\tall\tof, them; so, to; say",
        "first\nsecond, third; fourth",
        'the ""best"", by, far; of; all',
        "one\u2028two\x85three\x0cfour",
    ],
)
def test_a_delimiter_is_counted_outside_quotes_and_up_to_the_end_of_the_line(
    delimiter: str, note: str
) -> None:
    for header in (["a", f'"{note}"', "b"], [f'"{note}"', "a", "b"]):
        lines = [delimiter.join(header), delimiter.join("123")]
        table = read_csv("\n".join(lines).encode(), name="t")
        assert table.faults == []
        assert table.delimiter == delimiter
        columns = [cell.strip('"').replace('""', '"') for cell in header]
        assert [row.cells for row in table.rows] == [dict(zip(columns, "123", strict=True))]


def test_a_line_separator_within_a_header_is_no_end_of_it() -> None:
    table = read_csv("one\u2028two;a;b\n1;2;3\n".encode(), name="t")
    assert table.columns == ["one\u2028two", "a", "b"]


def test_a_row_over_several_lines_has_the_place_where_it_begins() -> None:
    table = read_csv(b'a,b\n1,"x\ny"\n2,z\n', name="t")
    assert [row.place for row in table.rows] == ["t:2", "t:4"]


def test_short_rows_have_empty_cells_and_long_ones_may_end_in_them() -> None:
    first, second = read_csv(b"a,b\n1\n1,2,, \n", name="t").rows
    assert first.cells == {"a": "1", "b": ""}
    assert second.cells == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x,1,30,5", "4 cells below 3 columns; a decimal comma needs semicolons between cells"),
        ("x,1,30,,5", "5 cells below 3 columns; a decimal comma needs semicolons between cells"),
        ("x;1;30;5", "4 cells below 3 columns"),
    ],
)
def test_a_cell_without_a_column_is_a_fault(row: str, fault: str) -> None:
    header = "variant;seed;value" if ";" in row else "variant,seed,value"
    table = read_csv(f"{header}\n{row}\n".encode(), name="t")
    assert [str(line) for line in table.faults] == [f"t:2: {fault}"]
    assert not table.rows


def test_quotes_that_do_not_fit_are_a_fault_with_its_line() -> None:
    table = read_csv(b'a,b\n1,2\n3,"4\n', name="t")
    assert [str(fault) for fault in table.faults] == [
        "t:3: not a row of a table: unexpected end of data"
    ]
    assert len(table.rows) == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "t: empty"),
        (b" \n\r\n", "t: empty"),
        (b"\xef\xbb\xbf", "t: empty"),
        (
            b"a,b\nc,\xe4\n",
            "t:2: not text in UTF-8 (invalid continuation byte); save the table as CSV UTF-8",
        ),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, fault: str) -> None:
    with pytest.raises(HarnessError) as error:
        read_csv(content, name="t")
    assert str(error.value) == fault


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_whatever_python_writes_is_read_again(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["a", "b"], *rows])
    table = read_csv(file.getvalue().encode(), name="t")
    expected = [[cell.strip() for cell in row] for row in rows]
    assert [[*row.cells.values()] for row in table.rows] == [row for row in expected if any(row)]
    assert not table.faults
