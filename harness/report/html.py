"""report.html: a single, self-contained file that loads no other resource."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report import tables
from harness.report.figures import Drawing
from harness.report.style import inline
from harness.report.template_values import template_values
from harness.report.values import Report

if TYPE_CHECKING:
    from markupsafe import Markup

# Characters that HTML forbids or a terminal would interpret: all controls but tab and newline.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def as_html(report: Report, *, drawings: Sequence[Drawing]) -> str:
    """The page as text; everything in it is escaped except the elements of figures."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("harness", "report"),
        autoescape=True,
        finalize=_clean,
        undefined=StrictUndefined,  # a misspelled name must fail, and not print nothing
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(
        **template_values(report),
        is_note=lambda cell: isinstance(cell, tables.Note),
        drawings=drawings,
        embedded=_embedded,
        title=_title,
    )


def _clean(value: object) -> object:
    """Text without forbidden characters; elements are left as they are."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _CONTROL.sub(" ", value)
    return value


def _embedded(drawing: Drawing) -> Markup:
    """A figure as an element of the page; matplotlib has escaped the text in it."""
    from markupsafe import Markup

    assert drawing.svg is not None
    text = _CONTROL.sub(" ", drawing.svg.read_text("utf-8"))
    return Markup(inline(text, name=drawing.name))  # noqa: S704 (markup on purpose)


def _title(name: str) -> str:
    """The title of a figure, from its name."""
    return name.replace("_", " ").capitalize()
