"""The figures of a report, drawn again only if their content has changed."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from harness.components import Figure
from harness.contracts import ReportView
from harness.errors import ComponentError
from harness.files import write_atomically
from harness.loading import parse_component
from harness.registry.attribution import attributed_to, component_fault, refuse
from harness.registry.catalog import Catalog
from harness.registry.serialization import resolved
from harness.report.hover import with_titles
from harness.report.style import style
from harness.runs.identity import source_digest

_HEAD = 4096  # bytes at the start of an SVG that contain its metadata


class Drawing(NamedTuple):
    """One figure of a report: the `svg`, or the `fault` that prevented it."""

    name: str
    caption: str
    svg: Path | None
    fault: ComponentError | None = None


def draw(figures: Sequence[Figure], *, view: ReportView, folder: Path) -> Iterator[Drawing]:
    """Draw each figure into ``NAME.png`` and ``NAME.svg``, or leave both alone if nothing changed.

    A figure that raises becomes a drawing with a fault, so that the report is written without it.
    """
    content = json.dumps(asdict(view), sort_keys=True)
    for figure in figures:
        path = folder / f"{figure.name}.svg"
        caption = caption_of(figure)
        try:
            _update(figure, view=view, path=path, key=_key(figure, content=content))
        except Exception as error:  # noqa: BLE001 - a figure must not cost the report
            yield Drawing(figure.name, caption, None, component_fault(error, of=figure))
        else:
            yield Drawing(figure.name, caption, path)


def _key(figure: Figure, *, content: str) -> str:
    """A digest of everything a figure depends on: the numbers, the options, and the code."""
    modules = (type(figure).__module__, "harness.report.style", "harness.report.hover")
    code = [source_digest(module) for module in modules]
    text = json.dumps([content, resolved(figure), code])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _update(figure: Figure, *, view: ReportView, path: Path, key: str) -> None:
    """Draw a figure unless its files are current.

    The SVG, which holds the key, is written last, so that an interrupted write is noticed.
    """
    png = path.with_suffix(".png")
    if png.is_file() and path.is_file() and key.encode() in _head(path):
        return
    contents = rendered(figure, view=view, forms=("png", "svg"), key=key)
    path.parent.mkdir(parents=True, exist_ok=True)
    for form, content in contents.items():
        write_atomically(path.with_suffix(f".{form}"), content=content)


def find_figure(name: str, *, catalog: Catalog) -> Figure:
    """The figure of a name, ``forest``, or with options as in a study, ``{cost: target_tokens}``.

    Raises `HarnessError` for an unknown one.
    """
    figure: Figure = parse_component(name, slot=Figure.slot, catalog=catalog)
    return figure


def caption_of(figure: Figure) -> str:
    """The description of a figure."""
    return " ".join((figure.__doc__ or "").split())


def rendered(
    figure: Figure, *, view: ReportView, forms: Sequence[str], key: str = ""
) -> Mapping[str, bytes]:
    """The content of a file in each of the forms; a fault is attributed to the figure."""
    with attributed_to(figure), style(figure.name):
        result: Any = figure.build()(view)
        if not hasattr(result, "savefig"):
            refuse(f"must return a matplotlib Figure, got {result!r:.40}", of=figure)
        files = {form: io.BytesIO() for form in forms}
        for form, file in files.items():
            result.savefig(file, format=form, metadata=_metadata(form, key=key))
    contents = {form: file.getvalue() for form, file in files.items()}
    if "svg" in contents:
        contents["svg"] = with_titles(contents["svg"].decode()).encode()
    return contents


def _metadata(form: str, *, key: str) -> Mapping[str, str | None] | None:
    """What a file says of itself: without date and version, equal figures are equal files."""
    if form == "svg":
        return {"Identifier": key, "Creator": None, "Date": None}
    return {"CreationDate": None} if form == "pdf" else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
