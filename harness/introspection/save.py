"""A drawing saved to a file, in the style of a report's figures."""

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

_FORMATS = ("png", "svg", "pdf")


def save_drawing(draw: Callable[[], Figure], *, path: Path) -> None:
    """Draw, and write the drawing in the format that the file's suffix names.

    The same numbers give the same bytes. Raises `HarnessError` for an unsupported suffix.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in _FORMATS:
        raise HarnessError(f"{path}: unsupported format; use .{', .'.join(_FORMATS)}")
    file = io.BytesIO()
    with style(path.stem):
        # Without dates, so that the same numbers give the same bytes.
        metadata = {"png": None, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[suffix]
        draw().savefig(file, format=suffix, metadata=metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content=file.getvalue())
