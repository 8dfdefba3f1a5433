"""The style of every figure, and its adaptation to a light or dark page."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from types import ModuleType
from typing import Any

from harness.notices import warn
from harness.report.hover import titles

# Pure black and white are reserved: `inline` replaces them by the colors of the reader's theme.
_INK, _PAPER = "#000000", "#ffffff"
_MOST_TOLD = 60  # values in the text alternative of a figure
_MISSING = re.compile(r"Glyph (\d+) .*missing from")
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
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same widths everywhere
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
    """Draw in the report's style, without a display; the figure's name salts the ids in its SVG.

    A line on standard error names the letters that the font lacks.
    """
    matplotlib = _without_display()
    # From the defaults, whatever a matplotlibrc says; the backend is chosen already.
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    settings = {**defaults, **_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(settings), _missing_letters_in_one_line(name):
        yield


@contextmanager
def _missing_letters_in_one_line(name: str) -> Iterator[None]:
    """Say once which letters are missing, where matplotlib warns of each, each time it is drawn."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=_MISSING.pattern)
        # Of some alphabets it also says that it cannot join their letters.
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield
    letters: dict[str, None] = {}
    for warning in caught:
        if match := _MISSING.match(str(warning.message)):
            letters[chr(int(match[1]))] = None
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    if letters:
        missing = ", ".join(letters)
        warn(f"figure {name}: the font has no {missing}; boxes in PNG and PDF, text in SVG")


def _without_display() -> ModuleType:
    """Matplotlib, drawing to files; MPLBACKEND, perhaps of a notebook's server, has no say."""
    foreign = os.environ.pop("MPLBACKEND", None)
    # It logs where it keeps its cache of fonts, and that it is slow without one.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        with _without_settings_here():
            import matplotlib

        matplotlib.use("agg")
    finally:
        if foreign is not None:
            os.environ["MPLBACKEND"] = foreign
    return matplotlib


@contextmanager
def _without_settings_here() -> Iterator[None]:
    """Hide the working folder's `matplotlibrc`, which matplotlib reads first, when imported.

    No variable turns that off, and another working folder would be one for all threads. `style`
    takes no setting of it in any case; but it may be damaged, or a pipe that never ends.
    """
    exists = os.path.exists
    os.path.exists = lambda path: path != "matplotlibrc" and exists(path)
    try:
        yield
    finally:
        os.path.exists = exists


def inline(svg: str, *, name: str, title: str, caption: str) -> str:
    """An SVG file as an element of a page, with flexible width and the page's colors.

    To those who do not see it, it is its title, its caption and the values that it shows on hover.

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
    spoken = f'role="img" aria-label="{escape(title)}" aria-describedby="{name}-values"'
    values = titles(rest)
    more = [f"and {len(values) - _MOST_TOLD} more"] if len(values) > _MOST_TOLD else []
    told = "; ".join([*values[:_MOST_TOLD], *more])
    description = f'<desc id="{name}-values">{escape(caption)} {told}</desc>'
    return f'{opening} fill="currentColor" {spoken}>{description}{rest}'
