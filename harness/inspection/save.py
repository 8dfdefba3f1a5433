"""A drawing to a file, in the style of a report's figures."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.report.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMS = ("png", "svg", "pdf")


def save(draw: Callable[[], Figure], *, path: Path) -> None:
    """Draw, and write what was drawn in the form that the file's suffix names.

    The same numbers give the same bytes. Raises `HarnessError` for a suffix that is none of ours.
    """
    form = path.suffix.removeprefix(".").lower()
    if form not in _FORMS:
        raise HarnessError(f"{path}: a picture ends in .{', .'.join(_FORMS)}")
    file = io.BytesIO()
    with style(path.stem):
        about = {"png": None, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
        draw().savefig(file, format=form, metadata=about)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content=file.getvalue())
