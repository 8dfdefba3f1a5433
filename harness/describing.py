"""What the command line prints, as text or as JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.catalog import Row
from harness.errors import Fault
from harness.report import Report, markdown, tables
from harness.report.sentences import answer


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


def faults_text(faults: Sequence[Fault], *, path: Path) -> str:
    """A line a fault, or that there is none."""
    return "\n".join(map(str, faults)) if faults else f"{path}: no faults"


def faults_json(faults: Sequence[Fault]) -> str:
    """A list of objects: place, message."""
    return json.dumps([fault._asdict() for fault in faults], indent=2)


def plugins_text(rows: Iterable[Row], *, complaints: Iterable[object]) -> str:
    """Slot by slot, each component with its plugin, what it is, and its options."""
    lines: list[str] = []
    slot = None
    for row in rows:
        if row.slot != slot:
            lines += ["", row.slot] if lines else [row.slot]
            slot = row.slot
        lines.append(f"  {row.name}  ({row.plugin})")
        lines.append(f"      {row.summary}")
        for option in row.options:
            default = "required" if option.default is None else f"default {option.default}"
            lines.append(f"      {option.name}: {option.allows}; {default}")
    return "\n".join([*lines, *(f"warning: {each}" for each in complaints)])


def schema_json(schema: Mapping[str, object]) -> str:
    """A JSON schema, as it stands in a file."""
    return json.dumps(schema, indent=1, ensure_ascii=False)


def plugins_json(rows: Iterable[Row]) -> str:
    """A list of objects: slot, name, plugin, summary, options."""
    objects = [
        {**row._asdict(), "options": [option._asdict() for option in row.options]} for row in rows
    ]
    return json.dumps(objects, indent=2)
