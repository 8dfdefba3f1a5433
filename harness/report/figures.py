"""The figures of a report: drawn when what they show has changed, and not before."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from harness.components import Figure
from harness.contracts import ReportView
from harness.errors import ComponentError
from harness.files import write_atomically
from harness.registry.attribution import attributed_to, refuse
from harness.registry.serialization import resolved
from harness.report.style import style
from harness.runs.identity import source_digest

_HEAD = 4096  # bytes of an SVG that hold its metadata


class Drawing(NamedTuple):
    """One figure of a report; without an `svg` there is a `fault`."""

    name: str
    caption: str
    svg: Path | None
    fault: ComponentError | None = None


def draw(figures: Sequence[Figure], *, view: ReportView, folder: Path) -> Iterator[Drawing]:
    """Draw each figure into ``NAME.png`` and ``NAME.svg``, or leave both alone if nothing changed.

    A figure that raises is a drawing with a fault: a report is worth more than its pictures.
    """
    content = json.dumps(asdict(view), sort_keys=True)
    for figure in figures:
        path = folder / f"{figure.name}.svg"
        caption = " ".join((figure.__doc__ or "").split())
        try:
            _keep(figure, view=view, path=path, key=_key(figure, content=content))
        except ComponentError as fault:
            yield Drawing(figure.name, caption, None, fault)
        else:
            yield Drawing(figure.name, caption, path)


def _key(figure: Figure, *, content: str) -> str:
    """What decides a picture: the numbers, the options, and the code that draws."""
    code = [source_digest(module) for module in (type(figure).__module__, "harness.report.style")]
    said = json.dumps([content, resolved(figure), code])
    return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def _keep(figure: Figure, *, view: ReportView, path: Path, key: str) -> None:
    """Draw a figure and write it down; the SVG, which holds the key, comes last."""
    png = path.with_suffix(".png")
    if png.is_file() and path.is_file() and key.encode() in _head(path):
        return
    with style(figure.name), attributed_to(figure):
        drawn: Any = figure.build()(view)
        if not hasattr(drawn, "savefig"):
            refuse(f"must return a matplotlib Figure, got {drawn!r:.40}", of=figure)
        files = {"png": io.BytesIO(), "svg": io.BytesIO()}
        for form, file in files.items():
            about = {"Identifier": key, "Creator": None, "Date": None} if form == "svg" else None
            drawn.savefig(file, format=form, metadata=about)
    path.parent.mkdir(parents=True, exist_ok=True)
    for form, file in files.items():
        write_atomically(path.with_suffix(f".{form}"), content=file.getvalue())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
