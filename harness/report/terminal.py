"""A report as text for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.report import Report, markdown, tables
from harness.report.answer_text import answer


class Summary(NamedTuple):
    """How a study went: what to print, and the runs that failed."""

    text: str
    failed: Sequence[str]


def command(path: Path, *, out: Path, seeds: int | None) -> str:
    """What to type to get a report again."""
    words = ["harness", "run", str(path)]
    words += ["--out", str(out)] if out != Path("results") else []
    words += ["--seeds", str(seeds)] if seeds is not None else []
    return shlex.join(words)


def summary(report: Report, *, path: Path, failed: Sequence[str]) -> Summary:
    """The question, each verdict with its reason, what failed, and where the report is."""
    lines = [report.question, "", *_verdicts(report), "", answer(report), ""]
    lines += [f"failed: {reason}" for reason in failed]
    lines.append(f"report: {path}")
    return Summary("\n".join(lines), failed)


def comparison(report: Report) -> Summary:
    """The same without a study: verdicts, then the tables of a report in Markdown."""
    lines = [*_verdicts(report), "", answer(report)]
    shown = {
        "": tables.verdicts(report),
        "How sure this is:": tables.certainty(report),
        "Intervals of the difference for new seeds, new sentences and both:": tables.sources(
            report
        ),
        "Exploratory, corrected within each metric:": tables.exploratory(report),
        "Options that differ:": tables.changes(report),
    }
    for title, table in shown.items():
        if table.rows:
            lines += ["", *([title, ""] if title else []), markdown.table(table)]
    lines += [f"failed: {fault}" for fault in report.faults]
    return Summary("\n".join(lines), report.faults)


def _verdicts(report: Report) -> list[str]:
    width = max((len(finding.label) for finding in report.on_primary), default=0)
    return [
        f"  {finding.label:{width}}  {finding.verdict:12}  {finding.reason}"
        for finding in report.on_primary
    ]
