"""The style of every figure, and its adaptation to a light or dark page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

# Pure black and white are reserved: `inline` replaces them by the colors of the reader's theme.
_INK, _PAPER = "#000000", "#ffffff"
_STYLE: Mapping[Any, Any] = {
    "axes.edgecolor": _INK,
    "axes.facecolor": _PAPER,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": _INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "axes.unicode_minus": True,
    "figure.labelsize": 9,
    "figure.facecolor": _PAPER,
    "figure.figsize": (4.6, 3.2),
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "grid.alpha": 0.15,
    "grid.color": _INK,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.title_fontsize": 8,
    "savefig.dpi": 200,
    "svg.fonttype": "none",  # text stays text, for screen readers, search and themes
    "text.color": _INK,
    "text.parse_math": False,  # a dollar sign in a name is literal
    "xtick.color": _INK,
    "xtick.labelsize": 8,
    "ytick.color": _INK,
    "ytick.labelsize": 8,
}


@contextmanager
def style(name: str) -> Iterator[None]:
    """Draw in the report's style, without a display; the figure's name salts the ids in its SVG."""
    matplotlib = _without_display()
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    with matplotlib.rc_context({**defaults, **_STYLE, "svg.hashsalt": name}):
        yield


def _without_display() -> ModuleType:
    """Matplotlib, drawing to files; MPLBACKEND, perhaps of a notebook's server, has no say."""
    foreign = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib

        matplotlib.use("agg")
    finally:
        if foreign is not None:
            os.environ["MPLBACKEND"] = foreign
    return matplotlib


def inline(svg: str, *, name: str) -> str:
    """An SVG file as an element of a page, with flexible width and the page's colors.

    Everything that only a file needs is removed. Every id is prefixed with the figure's name,
    because ids must be unique within a page.
    """
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    opening, rest = element.split(">", maxsplit=1)
    opening = re.sub(r'\s(?:width|height)="[^"]*"', "", opening)
    rest = re.sub(r"<style.*?</style>", "", rest, flags=re.DOTALL)
    rest = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{name}-", rest)
    rest = re.sub(rf"{_PAPER}\b", "var(--page)", rest, flags=re.IGNORECASE)
    rest = re.sub(rf"{_INK}\b", "currentColor", rest)
    # Matplotlib omits a black fill, which is SVG's default, so the theme's color is set here.
    return f'{opening} fill="currentColor" aria-hidden="true">{rest}'
