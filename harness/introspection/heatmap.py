"""Heatmaps: tables of numbers drawn as shades, with the numbers in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHADES = "light:#2f7fd0"
_MOST = 16  # columns; with more, numbers in cells are unreadable
_LETTER = 0.075  # inches, the width of a letter in a title or a label
_SHORT = 5  # letters; longer labels are rotated


class Map(NamedTuple):
    """One heatmap: a title, labels of rows and columns, and the values; None is an empty cell."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    row_label: str
    column_label: str


class Shades(NamedTuple):
    """The value of the darkest shade, and the format of numbers in cells; None for no numbers."""

    darkest: float
    form: str | None
    label: str | None = None


def draw_maps(
    maps: Sequence[Map], *, shades: Shades, title: str, columns: int, cell: tuple[float, float]
) -> Figure:
    """The maps in rows of `columns`; `cell` is the width and height of a cell, in inches."""
    from matplotlib.figure import Figure

    rows = -(-len(maps) // columns)
    labels = max(len(row) for shown in maps for row in shown.rows) * _LETTER + 0.8
    width = columns * (max(len(shown.columns) for shown in maps) * cell[0] + labels)
    height = rows * (max(len(shown.rows) for shown in maps) * cell[1] + 1.2) + 0.4
    drawn = Figure(figsize=(width, height))
    grid = drawn.subplots(rows, columns, squeeze=False)  # two-dimensional even for one map
    for axes in grid.flat[len(maps) :]:
        axes.axis("off")
    for axes, shown in zip(grid.flat, maps, strict=False):
        _draw(axes, of=shown, shades=shades)
        width = int(len(shown.columns) * cell[0] / _LETTER)
        axes.set_title(_wrapped(shown.title, width=width))
    if shades.label:
        used = list(grid.flat[: len(maps)])
        drawn.colorbar(grid.flat[0].collections[0], ax=used, shrink=0.6, label=shades.label)
    drawn.suptitle(title, fontsize=10)
    return drawn


def _draw(axes: Axes, *, of: Map, shades: Shades) -> None:
    import numpy as np
    import seaborn

    values = np.array(of.values, dtype=float)  # None becomes NaN, which is left white
    annotated = shades.form is not None and values.shape[1] <= _MOST
    seaborn.heatmap(
        values,
        ax=axes,
        vmin=0.0,
        vmax=shades.darkest,
        cmap=seaborn.color_palette(_SHADES, as_cmap=True),
        cbar=False,
        annot=annotated,
        fmt=shades.form or "",
        annot_kws={"fontsize": 7},
        linewidths=0.5,
        linecolor="#ffffff",
        xticklabels=list(of.columns),
        yticklabels=list(of.rows),
    )
    axes.grid(visible=False)
    axes.set_xlabel(of.column_label)
    axes.set_ylabel(of.row_label)
    axes.tick_params(length=0, rotation=0)
    if max(map(len, of.columns)) > _SHORT:
        for text in axes.get_xticklabels():
            text.set(rotation=60, horizontalalignment="right", rotation_mode="anchor")


def _wrapped(text: str, *, width: int) -> str:
    """The text in lines of at most `width` letters, or of 24 for a narrow map."""
    return "\n".join(fill(line, width=max(width, 24)) for line in text.splitlines())
