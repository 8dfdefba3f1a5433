"""Colors, markers and dashes of variants, distinguishable in greyscale too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 4.6  # inches; narrow enough that text is readable on a phone
INK = "#000000"  # the page's own text color
FAINT = "#808890"  # readable on light and dark backgrounds, as are all colors below
_COLORS = ("#2f7fd0", "#d9702a", "#17936b", "#c2539b", "#8b6fd6", "#9a8412")
_MARKERS = "sD^vP*Xphd<>"
_DASHES = (
    *("", (4, 1.5), (1.5, 1.2), (6, 1.5, 1.5, 1.5)),
    *((9, 2), (3, 1, 1, 1, 1, 1), (9, 1.5, 3, 1.5), (1, 2.5)),
)
NAME, PANEL_NAME = 28, 22  # characters of a name in a legend, and above a small panel


class VariantStyle(NamedTuple):
    """The style of one variant; `dashes` is seaborn's, empty for a solid line."""

    color: str
    marker: str
    dashes: str | tuple[float, ...]


def variant_styles(variants: Sequence[str]) -> dict[str, VariantStyle]:
    """A distinct style for each variant; the first is the baseline, in the color of the text.

    No two of 73 have the same color and marker, no two of 49 the same color and dashes.
    """
    baseline, *others = variants
    return {
        baseline: VariantStyle(INK, "o", ""),
        **{
            name: VariantStyle(
                _COLORS[place % len(_COLORS)],
                # The shifts combine each color with every marker, and with every pattern of dashes,
                # before a pair repeats.
                _MARKERS[(place + place // len(_MARKERS)) % len(_MARKERS)],
                _DASHES[(place + place // len(_COLORS)) % len(_DASHES)],
            )
            for place, name in enumerate(others)
        },
    }


def hover(text: str) -> str:
    """The `gid` of an artist that shows this text under the pointer, and to screen readers."""
    return f"hover: {text}"


def number(value: float) -> str:
    """A value for a reader of single points."""
    return f"{value:.4g}"


def wrapped(name: str) -> str:
    """A long name on two lines, split near its middle, after punctuation if there is any."""
    if len(name) <= 14:
        return name
    breaks = [place for place, character in enumerate(name, 1) if character in "-_. =…"]
    middle = min(breaks or [len(name) // 2], key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}\n{name[middle:]}"
