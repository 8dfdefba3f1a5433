"""Lines for a screen: paragraphs, tables in columns, and findings with their intervals drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from harness.analysis.p_values import p_equation
from harness.contracts import Finding, Verdict
from harness.printable import printable
from harness.report.numbers import bound_of_difference, common_places, number_text
from harness.report.tables import Table, verdict_text

_GAP = "  "
_WIDEST = 120  # columns that are used: longer lines are hard to read
_FOLDED = 30  # columns that are enough for text that can be folded
_DRAWN = (11, 31)  # the least and the most columns of a drawn interval
_BOUNDS = {"least": ">= ", "most": "<= "}  # of costs that some runs did not reach
_STYLES: dict[Verdict, str] = {
    "better": "bold green",
    "worse": "bold red",
    "higher": "bold cyan",
    "lower": "bold cyan",
    "inconclusive": "yellow",
}


class Screen(NamedTuple):
    """The columns of a terminal, and its ability to draw; no `width` is a file or a pipe.

    There, nothing is wrapped, drawn or left out, so that programs find the same columns always.
    """

    width: int | None = None
    draws: bool = False

    @property
    def columns(self) -> int | None:
        """The columns to fill; None if there is no limit."""
        return self.width and min(self.width, _WIDEST)


def paragraph(text: str, *, screen: Screen, indent: str = "", style: str = "") -> Iterator[Text]:
    """Lines of whole words; one that is longer than a line has a line of its own."""
    for line in printable(text).split("\n"):
        start = ""
        for word in line.split(" ") if screen.columns else [line]:
            longer = f"{start} {word}" if start else word
            if start and cell_len(indent + longer) > (screen.columns or 0):
                yield Text(indent + start, style)
                longer = word
            start = longer
        yield Text(indent + start, style)


def table_lines(table: Table, *, screen: Screen) -> Iterator[Text]:
    """A table in aligned columns; one that is too wide continues below, with what tells rows apart.

    If that takes too much of a line, it has a line of its own. Text too wide for any is folded.
    """
    cells = [[printable(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    keys = _keys(cells[1:])
    needed = [
        min(width, _FOLDED) if column < table.right else width
        for column, width in enumerate(widths)
    ]
    beside = screen.columns is None or _span([*widths[:keys], max(needed[keys:])]) <= screen.columns
    if not beside and _span(widths[keys:]) + len(_GAP) <= (screen.columns or 0):
        for row, line in enumerate(cells):
            style = "" if row else "bold"
            aligned = _row(line, widths=widths, right=table.right)
            yield Text(_GAP.join(aligned[:keys]).rstrip(), "bold")
            yield Text((_GAP + _GAP.join(aligned[keys:])).rstrip(), style)
        return
    for number, part in enumerate(_parts(widths, keys=keys if beside else 1, screen=screen)):
        yield from [Text("")] if number else []
        for row, line in enumerate(cells):
            aligned = _row(line, widths=widths, right=table.right)
            chosen = [aligned[column] for column in part]
            if part[-1] < table.right:
                yield from _folded(chosen, screen=screen, style="" if row else "bold")
            else:
                yield Text(_GAP.join(chosen), "" if row else "bold")


def _keys(rows: Sequence[Sequence[str]]) -> int:
    """The number of first columns that tell rows apart; not all, so that one is left to tell."""
    most = max(1, len(rows[0]) - 1) if rows else 1
    for number in range(1, most):
        if len({tuple(row[:number]) for row in rows}) == len(rows):
            return number
    return most


def _row(line: Sequence[str], *, widths: Sequence[int], right: int) -> list[str]:
    return [
        _aligned(cell, width=width, right=column >= right)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def _folded(cells: Sequence[str], *, screen: Screen, style: str) -> Iterator[Text]:
    """A row whose last cell continues below itself, by whole words."""
    *first, last = cells
    start = "".join(f"{cell}{_GAP}" for cell in first)
    width = screen.columns and screen.columns - cell_len(start)
    for part in paragraph(last.rstrip(), screen=Screen(width)):
        yield Text((start + part.plain).rstrip(), style)
        start = " " * cell_len(start)


def _span(widths: Sequence[int]) -> int:
    """The columns of cells side by side."""
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _parts(widths: Sequence[int], *, keys: int, screen: Screen) -> Iterator[list[int]]:
    """The columns of each part of a table, the first `keys` in every one."""
    part = [*range(keys)]
    for column in range(keys, len(widths)):
        used = _span([widths[chosen] for chosen in [*part, column]])
        if screen.columns and len(part) > keys and used > screen.columns:
            yield part
            part = [*range(keys)]
        part.append(column)
    yield part


def finding_lines(findings: Sequence[Finding], *, screen: Screen) -> Iterator[Text]:
    """A row for each finding: label, verdict, means, difference with interval, and p.

    The interval is also drawn if there is room. If there is too little, numbers have fewer digits,
    and rows that are still too long begin with a line for their label.
    """
    if not findings:
        return
    labels = _left([printable(finding.label) for finding in findings])
    verdicts = _left([verdict_text(finding.verdict) for finding in findings])
    *first, last = _numbers(findings, places=common_places(findings))
    room = _room([labels, verdicts, *first, last], screen=screen)
    if room < -len(_GAP):
        *first, last = _numbers(findings, places=common_places(findings, fewest=True))
        room = _room([labels, verdicts, *first, last], screen=screen)
    if screen.draws and room >= _DRAWN[0] and any(f.interval_low is not None for f in findings):
        first.append(_drawings(findings, columns=min(room, _DRAWN[1])))
    alone = room < -len(_GAP)
    for finding, label, verdict, *numbers in zip(
        findings, labels, verdicts, *first, last, strict=True
    ):
        if alone:
            yield Text(label.rstrip(), "bold")
        line = Text(_GAP if alone else f"{label}{_GAP}")
        line.append(verdict, _STYLES.get(finding.verdict, ""))
        line.append(f"{_GAP}{_GAP.join(numbers)}")
        line.rstrip()
        yield line


def _room(columns: Sequence[Sequence[str]], *, screen: Screen) -> int:
    """The columns left for one more, with its gap; 0 if there is no limit."""
    used = sum(cell_len(column[0]) + len(_GAP) for column in columns)
    return screen.columns - used if screen.columns else 0


def _numbers(findings: Sequence[Finding], *, places: Sequence[int]) -> list[list[str]]:
    """The columns of numbers, each aligned; p is the last."""
    return [
        _means(findings, places=places),
        *_pairs(findings),
        _differences(findings, places=places),
        _left([_p(finding) for finding in findings]),
    ]


def is_incomplete(finding: Finding) -> bool:
    """True if fewer pairs, or runs, were compared than planned; a table has no plan for runs."""
    planned = not (finding.of_table and finding.method == "welch")
    return planned and finding.n < finding.planned


def _means(findings: Sequence[Finding], *, places: Sequence[int]) -> list[str]:
    """Both means, such as ``38.3 -> 22.0``, aligned."""
    texts = [
        _mean_texts(finding, places=decimals)
        for finding, decimals in zip(findings, places, strict=True)
    ]
    sides = zip(*texts, strict=True)
    return [" -> ".join(pair) for pair in zip(*map(_right, sides), strict=True)]


def _mean_texts(finding: Finding, *, places: int) -> list[str]:
    sides = (
        (finding.baseline_mean, finding.baseline_reached, finding.n_baseline),
        (finding.variant_mean, finding.reached, finding.n),
    )
    return [
        # Of a cost that some runs did not reach, the mean is a lower bound.
        f"{'' if reached in (None, counted) else '>= '}{number_text(mean, places=places)}"
        for mean, reached, counted in sides
    ]


def _pairs(findings: Sequence[Finding]) -> Iterator[list[str]]:
    """The pairs that were compared, of those that were planned, if any are missing."""
    if any(map(is_incomplete, findings)):
        yield _right([f"{finding.n}/{finding.planned}" for finding in findings])


def _differences(findings: Sequence[Finding], *, places: Sequence[int]) -> list[str]:
    """Differences with their intervals, such as ``-16.3 [-19.0, -13.6]``, aligned."""
    texts = [
        _difference(finding, places=decimals)
        for finding, decimals in zip(findings, places, strict=True)
    ]
    centers, lows, highs = map(_right, zip(*texts, strict=True))
    rows = [
        f"{center} [{low}, {high}]" if low.strip() else center
        for center, low, high in zip(centers, lows, highs, strict=True)
    ]
    return _left(rows)


def _difference(finding: Finding, *, places: int) -> tuple[str, ...]:
    bound = bound_of_difference(finding)
    known = finding.difference if bound is not None else None
    center, low, high = (
        "" if value is None else number_text(value, places=places, sign="+")
        for value in (known, finding.interval_low, finding.interval_high)
    )
    return f"{_BOUNDS[bound]}{center}" if bound else center, low, high


def _p(finding: Finding) -> str:
    return "" if finding.p_adjusted is None else p_equation(finding.p_adjusted)


def _drawings(findings: Sequence[Finding], *, columns: int) -> list[str]:
    """Intervals on one scale, with a mark at no difference."""
    shown = [
        value
        for finding in findings
        for value in (finding.interval_low, finding.difference, finding.interval_high)
        if value is not None
    ]
    low, high = min([0.0, *shown]), max([0.0, *shown])
    scale = (columns - 1) / (high - low) if high > low else 0.0
    return [_drawing(finding, low=low, scale=scale, columns=columns) for finding in findings]


def _drawing(finding: Finding, *, low: float, scale: float, columns: int) -> str:
    line, zero = [" "] * columns, round(-low * scale)
    line[zero] = "┊"
    if finding.interval_low is not None and finding.interval_high is not None:
        start, end = (
            round((bound - low) * scale) for bound in (finding.interval_low, finding.interval_high)
        )
        line[start : end + 1] = "─" * (end + 1 - start)
        line[start], line[end] = "├", "┤"
        if start < zero < end:
            line[zero] = "┼"
    if finding.difference is not None:
        line[round((finding.difference - low) * scale)] = "●"
    return "".join(line)


def _left(column: Sequence[str]) -> list[str]:
    return _padded(column, right=False)


def _right(column: Sequence[str]) -> list[str]:
    return _padded(column, right=True)


def _padded(column: Sequence[str], *, right: bool) -> list[str]:
    width = max(map(cell_len, column), default=0)
    return [_aligned(cell, width=width, right=right) for cell in column]


def _aligned(cell: str, *, width: int, right: bool) -> str:
    space = " " * (width - cell_len(cell))  # not `ljust`: some letters take two columns
    return space + cell if right else cell + space
