"""report.html: a single, self-contained file that loads no other resource."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.report import answer_text, tables
from harness.report.figures import Drawing
from harness.report.picture import picture
from harness.report.style import inline
from harness.report.template_values import template_values
from harness.report.values import Report

if TYPE_CHECKING:
    from markupsafe import Markup

# Characters that HTML forbids or a terminal would interpret: all controls but tab and newline.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_NAMED = 6  # variants of one verdict up to which the answer above the picture names them
_FEW = 8  # variants, the baseline among them, up to which tables of runs and texts are unfolded


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
    values = template_values(report)
    first = 2 if report.unlearned else 1
    parts = answer_text.answer_parts(report, most=_NAMED)
    if report.on_primary:
        drawings = [drawing for drawing in drawings if not _is_the_picture(drawing)]
    return environment.get_template("report.html.j2").render(
        **values,
        lead=" ".join(parts[:first]),
        limits=parts[first:],
        picture=picture(report) if report.on_primary else None,
        sections=_sections(report, values=values, drawings=drawings),
        few=len(report.variants) <= _FEW,
        is_note=lambda cell: isinstance(cell, tables.Note),
        drawings=drawings,
        embedded=_embedded,
        title=_title,
        with_code=_with_code,
    )


def _is_the_picture(drawing: Drawing) -> bool:
    """True of the forest plot, which shows what the page begins with."""
    return drawing.name == "forest" and drawing.fault is None


def _sections(
    report: Report, *, values: Mapping[str, Any], drawings: Sequence[Drawing]
) -> list[tuple[str, str]]:
    """The anchors and titles of the sections below the answer that the page has."""
    shown = {
        ("figures", "Figures"): drawings,
        ("supporting", "Supporting statistics"): values["supporting"].rows,
        ("corpora", "Over corpora"): values["corpora_note"],
        ("variance", "Variance by source"): values["variance"].rows,
        ("exploratory", "Exploratory metrics"): report.exploratory,
        ("changes", "Changes from the baseline"): report.on_primary,
        ("runs", "Runs"): True,
        ("samples", "Sample translations"): report.samples,
        ("checklist", "Reporting checklist"): True,
        ("reproducing", "Reproducing these results"): True,
    }
    return [section for section, content in shown.items() if content]


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
    element = inline(
        text,
        name=drawing.name,
        title=_title(drawing.name),
        caption=_CONTROL.sub(" ", drawing.caption).replace("``", ""),
    )
    return Markup(element)  # noqa: S704 (markup on purpose)


def _with_code(text: str) -> Markup:
    """Text in which what stands between backticks is set as code; all of it is escaped."""
    from markupsafe import Markup

    parts = _CONTROL.sub(" ", text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its second
        return Markup("{}").format(_CONTROL.sub(" ", text))
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _title(name: str) -> str:
    """The title of a figure, from its name."""
    return name.replace("_", " ").capitalize()
