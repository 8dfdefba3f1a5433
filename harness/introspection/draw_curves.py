"""Curves over a common x, distinguished by color and dashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 4.6  # inches, as a report's figures are
_COLORS = ("#2f7fd0", "#d9702a", "#17936b", "#c2539b", "#8b6fd6", "#9a8412")
_DASHES = ("-", (0, (4, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


class Curve(NamedTuple):
    """A name, and a value for every x."""

    name: str
    x: Sequence[int]
    y: Sequence[float]


def draw_curves(curves: Sequence[Curve], *, title: str, x: str, y: str) -> Figure:
    """A line for each curve, its name in the legend below."""
    import seaborn
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(WIDTH, 3.0 + 0.19 * len(curves)))
    axes = drawn.subplots()
    for place, curve in enumerate(curves):
        color = _COLORS[place % len(_COLORS)]
        # Shifted in each round of colors, so that all 24 pairs come before one is repeated.
        dashes = _DASHES[(place + place // len(_COLORS)) % len(_DASHES)]
        line = {"color": color, "linestyle": dashes, "linewidth": 1.8, "label": curve.name}
        # Without an estimator: seaborn would average equal x, and bootstrap an interval.
        seaborn.lineplot(x=curve.x, y=curve.y, ax=axes, legend=False, estimator=None, **line)
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=min(0.0, *axes.get_ylim()))
    drawn.legend(loc="outside lower center")
    return drawn


def mark_lowest(axes: Axes, *, curve: Curve) -> None:
    """Mark and label the minimum of a curve, unless it is at an end."""
    lowest = min(range(len(curve.y)), key=curve.y.__getitem__)
    if lowest in (0, len(curve.y) - 1):
        return  # a monotonic curve has no minimum worth marking
    x, y = curve.x[lowest], curve.y[lowest]
    axes.plot([x], [y], color="#000000", marker="o", markersize=5, linestyle="")
    text = f"lowest at x = {x}: {abs(y):.4f}" if abs(y) >= 5e-5 else f"lowest at x = {x}: 0"
    axes.annotate(
        text,
        (x, y),
        xytext=(8, 50),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-"},
        fontsize=8,
    )
