"""The files of a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from harness.contracts import Finding
from harness.files import write_atomically
from harness.report import answer_text, markdown, tables
from harness.report.figures import Drawing
from harness.report.html import as_html
from harness.report.template_values import template_values
from harness.report.values import Report


def write(report: Report, *, folder: Path, drawings: Sequence[Drawing] = ()) -> Path:
    """Write ``report.html``, ``report.md`` and ``findings.json``; returns the path of the first.

    Each is replaced atomically, or left alone if nothing in it would change.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "findings.json", text=as_json(report.findings))
    _replace(folder / "report.md", text=as_markdown(report))
    _replace(folder / "report.html", text=as_html(report, drawings=drawings))
    return folder / "report.html"


def brief(report: Report) -> str:
    """A summary in Markdown: the answer, the verdicts and the supporting statistics."""
    question, answer = markdown.escape(report.question), markdown.escape(answer_text.answer(report))
    parts = [f"**{question}** {answer}"]
    if report.on_primary:
        parts.append(markdown.table(tables.verdicts(report)))
    if (statistics := tables.supporting_statistics(report)).rows:
        parts += ["Supporting statistics:", markdown.table(statistics)]
    return "\n\n".join(parts) + "\n"


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as a JSON list of objects, their fields in the order of `Finding`."""
    objects = finding_objects(findings)
    # NaN is no JSON; a number that does not exist is null.
    return json.dumps(objects, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finding_objects(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings as JSON data."""
    return [
        {**asdict(finding), "per_seed": [pair._asdict() for pair in finding.per_seed]}
        for finding in findings
    ]


def as_markdown(report: Report) -> str:
    """The report for people, readable as raw text too; all quoted text in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        finalize=markdown.escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (Markdown, not HTML: `finalize` escapes every value)
    )
    template = resources.files("harness.report").joinpath("report.md.j2").read_text("utf-8")
    return environment.from_string(template).render(
        **template_values(report),
        table=markdown.table,
        code=markdown.code,
        block=markdown.block,
    )


def _replace(path: Path, *, text: str) -> None:
    # A path that is not in the encoding of the file system has letters that no encoding has.
    content = text.encode(errors="backslashreplace")
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content=content)
