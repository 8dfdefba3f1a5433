"""A report as text for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.report import Report, markdown, tables
from harness.report.answer_text import answer
from harness.study.values import Seeds


class Summary(NamedTuple):
    """The text to print for a study, and its failures, a message each."""

    text: str
    failed: Sequence[str]


def rerun_command(path: Path, *, out: Path, seeds: Seeds | None) -> str:
    """The command line that reproduces a report; seeds that are named were a challenge's."""
    if isinstance(seeds, tuple):
        words = ["harness", "challenge", str(path), "--seeds", str(len(seeds))]
        return shlex.join([*words, "--into", str(out.parent)])
    words = ["harness", "run", str(path)]
    words += ["--out", str(out)] if out != Path("results") else []  # the option's default
    words += ["--seeds", str(seeds)] if seeds is not None else []
    return shlex.join(words)


def summary(report: Report, *, path: Path, failed: Sequence[str]) -> Summary:
    """The question, the verdicts with reasons, the answer, failures and the path of the report."""
    lines = [report.question, "", *_verdicts(report), "", answer(report), ""]
    lines += [f"failed: {reason}" for reason in failed]
    lines.append(f"report: {path}")
    return Summary("\n".join(lines), failed)


def comparison(report: Report) -> Summary:
    """The summary of a comparison without a study: verdicts, and a report's tables in Markdown."""
    lines = [*_verdicts(report), "", answer(report)]
    lines += [f"Read as: {'; '.join(report.readings)}."] if report.readings else []
    sections = {
        "": tables.verdicts(report),
        "Supporting statistics:": tables.supporting_statistics(report),
        "Intervals of the difference for new seeds, new sentences and both:": tables.intervals(
            report
        ),
        "Exploratory metrics, corrected within each:": tables.exploratory(report),
        "Changed options:": tables.changes(report),
    }
    for title, table in sections.items():
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
