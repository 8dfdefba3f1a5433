"""A report for a terminal, as text for a pipe or a file, and as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from harness.report import Report, markdown, tables
from harness.report.answer_text import answer, answer_parts
from harness.report.screen import Screen, finding_lines, paragraph, table_lines
from harness.report.screen_notes import caption, notes
from harness.report.tables import Table, verdict_text
from harness.report.write import finding_objects
from harness.study.values import Seeds


class Summary(NamedTuple):
    """A report to print: of a study, whose page is at `path`, or of a comparison, without one.

    `failed` has a message for each failure, `remaining` one for each run that the
    `limit` left undone.
    """

    report: Report
    failed: Sequence[str]
    path: Path | None = None
    remaining: Sequence[str] = ()
    limit: str = ""

    @property
    def text(self) -> str:
        """The lines as they are where there is no terminal."""
        return "\n".join(line.plain for line in self.lines(Screen()))

    @property
    def content(self) -> Mapping[str, object]:
        """JSON data: study, question, metric, split, answer, findings, failures, report."""
        report = self.report
        return {
            "study": report.name,
            "question": report.question,
            "metric": report.primary.name,
            "split": report.primary.split,
            "higher_is_better": report.primary.higher_is_better,
            "seeds": [*report.seeds],
            "answer": answer(report),
            "findings": finding_objects(report.findings),
            "failed": [*self.failed],
            "remaining": [*self.remaining],
            "report": self.path and str(self.path),
        }

    @property
    def json(self) -> str:
        """The content as JSON."""
        return json.dumps(self.content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def lines(self, screen: Screen) -> Iterator[Text]:
        """The question, the findings, the answer, notes, failures and the path of the report."""
        report = self.report
        if self.path is not None:
            yield from paragraph(report.question, screen=screen, style="bold")
            yield Text("")
        if report.on_primary:
            yield from paragraph(caption(report), screen=screen, style="dim")
            yield from finding_lines(report.on_primary, screen=screen)
            yield Text("")
        for part in answer_parts(report):
            style = "bold yellow" if part == report.unlearned else ""
            yield from paragraph(part, screen=screen, style=style)
        if report.readings:
            yield from paragraph(f"Read as: {'; '.join(report.readings)}.", screen=screen)
        for number, note in enumerate(notes(report)):
            yield from [] if number else [Text("")]
            yield from paragraph(note, screen=screen, style="dim")
        yield from self._tables(screen) if self.path is None else [Text("")]
        for reason in self.failed:
            yield from paragraph(f"failed: {reason}", screen=screen, style="bold red")
        if self.remaining:
            runs = f"{len(self.remaining)} run{'s' if len(self.remaining) > 1 else ''}"
            text = f"stopped at {self.limit}: {runs} to do; run the same command again to continue"
            yield from paragraph(text, screen=screen, style="bold yellow")
        if self.path is not None:
            # On one line whatever its length, so that it can be copied.
            yield Text(f"report: {self.path}")

    def _tables(self, screen: Screen) -> Iterator[Text]:
        """The tables of a comparison, for which no report is written."""
        for title, table in _sections(self.report).items():
            if table.rows:
                yield Text("")
                yield Text(title, "bold")
                yield from table_lines(table, screen=screen)

    @property
    def markdown(self) -> str:
        """The findings, the answer and the tables of a comparison, in Markdown."""
        report = self.report
        parts: list[str] = [markdown.escape(answer(report))]
        if report.readings:
            parts.append(markdown.escape(f"Read as: {'; '.join(report.readings)}."))
        for title, table in {"": tables.verdicts(report), **_sections(report)}.items():
            if table.rows:
                parts += [*([markdown.escape(title)] if title else []), markdown.table(table)]
        reasons = [
            markdown.escape(f"{finding.label}: {verdict_text(finding.verdict)}: {finding.reason}")
            for finding in report.on_primary
        ]
        parts += ["\n".join(f"- {reason}" for reason in reasons)] if reasons else []
        parts += [markdown.escape(f"failed: {fault}") for fault in self.failed]
        return "\n\n".join(parts)


def rerun_command(path: Path, *, out: Path, seeds: Seeds | None) -> str:
    """The command line that reproduces a report; seeds that are named were a challenge's."""
    if isinstance(seeds, tuple):
        words = ["harness", "challenge", str(path), "--seeds", str(len(seeds))]
        return shlex.join([*words, "--into", str(out.parent)])
    words = ["harness", "run", str(path)]
    words += ["--out", str(out)] if out != Path("results") else []  # the option's default
    words += ["--seeds", str(seeds)] if seeds is not None else []
    return shlex.join(words)


def _sections(report: Report) -> dict[str, Table]:
    """The tables beyond that of the verdicts, by their titles."""
    return {
        "Supporting statistics:": tables.supporting_statistics(report),
        "Intervals of the difference for new seeds, new sentences and both:": tables.intervals(
            report
        ),
        "Exploratory metrics, corrected within each:": tables.exploratory(report),
        "Changed options:": tables.changes(report),
    }
