"""Colors, markers and dashes of variants, distinguishable in greyscale too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 4.6  # inches; narrow enough that text is readable on a phone
INK = "#000000"  # the page's own text color
FAINT = "#808890"  # readable on light and dark backgrounds, as are all colors below
_COLORS = ("#2f7fd0", "#d9702a", "#17936b", "#c2539b", "#8b6fd6", "#9a8412")
_MARKERS = "sD^vP*Xphd<>"
_DASHES = ("", (4, 1.5), (1.5, 1.2), (6, 1.5, 1.5, 1.5))


class VariantStyle(NamedTuple):
    """The style of one variant; `dashes` is seaborn's, empty for a solid line."""

    color: str
    marker: str
    dashes: str | tuple[float, ...]


def variant_styles(variants: Sequence[str]) -> dict[str, VariantStyle]:
    """A distinct style for each variant; the first is the baseline, in the color of the text."""
    baseline, *others = variants
    return {
        baseline: VariantStyle(INK, "o", ""),
        **{
            name: VariantStyle(
                _COLORS[place % len(_COLORS)],
                _MARKERS[place % len(_MARKERS)],
                # The shift combines each color with every pattern of dashes before a pair repeats.
                _DASHES[(place + place // len(_COLORS)) % len(_DASHES)],
            )
            for place, name in enumerate(others)
        },
    }
