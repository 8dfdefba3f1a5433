"""How variants are told apart: by color, by marker and by dashes, so that greyscale is enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 4.6  # inches; narrow enough for text that is readable on a phone
INK = "#000000"  # the page's own text color
FAINT = "#808890"  # readable on light and on dark, as are all colors below
_COLORS = ("#2f7fd0", "#d9702a", "#17936b", "#c2539b", "#8b6fd6", "#9a8412")
_MARKERS = "sD^vP*Xphd<>"
_DASHES = ("", (4, 1.5), (1.5, 1.2), (6, 1.5, 1.5, 1.5))


class Look(NamedTuple):
    """How one variant is drawn; `dashes` are seaborn's, empty for a solid line."""

    color: str
    marker: str
    dashes: str | tuple[float, ...]


def looks(variants: Sequence[str]) -> dict[str, Look]:
    """A look for each variant, all different; the baseline is the first, in the page's ink."""
    baseline, *others = variants
    return {
        baseline: Look(INK, "o", ""),
        **{
            name: Look(
                _COLORS[place % len(_COLORS)],
                _MARKERS[place % len(_MARKERS)],
                _DASHES[(place + place // len(_COLORS)) % len(_DASHES)],
            )
            for place, name in enumerate(others)
        },
    }
