"""Figures of a report, shown in a notebook or saved to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.files import write_atomically

_FORMS = ("png", "svg", "pdf")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure of a report's numbers, and what it shows; a notebook shows it by itself.

    `render` returns its content in the `forms` that are named: png, svg, pdf.
    """

    caption: str
    render: Callable[..., Mapping[str, bytes]] = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the figure in the format of the path's suffix: .png, .svg or .pdf.

        Raises `HarnessError` for another suffix, and for a figure that cannot be drawn.
        """
        path = Path(path)
        suffix = path.suffix.removeprefix(".").lower()
        if suffix not in _FORMS:
            raise HarnessError(f"{path}: unsupported format; use .{', .'.join(_FORMS)}")
        content = self._content(suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content=content)
        return path

    def _repr_svg_(self) -> str:
        return self._content("svg").decode()

    def _content(self, form: str) -> bytes:
        with keeping_backend():
            return self.render(forms=(form,))[form]


@contextmanager
def keeping_backend() -> Iterator[None]:
    """Give matplotlib its backend back, as figures of a report are drawn without a display.

    Otherwise a notebook would no longer show plots of its own.
    """
    import matplotlib

    # As it is stored: asking for it would choose one.
    before = dict.__getitem__(matplotlib.rcParams, "backend")
    try:
        yield
    finally:
        if isinstance(before, str):
            matplotlib.use(before)
        elif pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.switch_backend(before)
        else:
            dict.__setitem__(matplotlib.rcParams, "backend", before)
