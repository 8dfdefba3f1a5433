"""report.html: one file with everything in it, which asks nothing of anybody else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report import answer_text, design_text, tables
from harness.report.checklist import checklist
from harness.report.figures import Drawing
from harness.report.style import inline
from harness.report.values import Report

if TYPE_CHECKING:
    from markupsafe import Markup

# What a page may not hold, or a terminal would obey: control characters apart from tab and newline.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def as_html(report: Report, *, drawings: Sequence[Drawing]) -> str:
    """The page; whatever stands in it is escaped, apart from the figures' own elements."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("harness", "report"),
        autoescape=True,
        finalize=_clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        sentences=answer_text,
        answer=answer_text.answer(report),
        designed=[*design_text.designed(report)],
        corrected=design_text.corrected(report),
        direction=answer_text.direction(report.primary),
        beginning=answer_text.beginning,
        checklist=checklist(report),
        tables=tables,
        is_note=lambda cell: isinstance(cell, tables.Note),
        drawings=drawings,
        embedded=_embedded,
        title=_title,
    )


def _clean(value: object) -> object:
    """Text without what a page may not hold; elements stay as they are."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _CONTROL.sub(" ", value)
    return value


def _embedded(drawing: Drawing) -> Markup:
    """A figure as an element: matplotlib has escaped the text in it."""
    from markupsafe import Markup

    assert drawing.svg is not None
    text = _CONTROL.sub(" ", drawing.svg.read_text("utf-8"))
    return Markup(inline(text, name=drawing.name))  # noqa: S704 (an element, and meant to be)


def _title(name: str) -> str:
    """A figure's name in words."""
    return name.replace("_", " ").capitalize()
