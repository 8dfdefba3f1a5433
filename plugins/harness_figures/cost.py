"""The cost of a score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Literal

from harness.components import Figure
from harness.contracts import Draw, ReportView, RunSummary, short_names
from harness_figures.styles import NAME, WIDTH, VariantStyle, hover, number, variant_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

Against = Literal["seconds", "target_tokens", "decoding"]
_AXIS_LABELS: Mapping[Against, str] = {
    "seconds": "seconds of training",
    "target_tokens": "target tokens trained on",
    "decoding": "tokens written a second",
}


@dataclass(frozen=True, kw_only=True)
class Cost(Figure):
    """The primary score against the cost of training or decoding: small marks are runs.

    A large mark is a variant's mean score at its median cost. Seconds, and the tokens that are
    written a second (``decoding``), depend on the machine and on its load meanwhile.
    """

    name = "cost"
    bare = "against"
    against: Against = "seconds"

    def build(self) -> Draw:
        return self._draw

    def _draw(self, view: ReportView) -> MatplotlibFigure:
        from matplotlib.figure import Figure as MatplotlibFigure

        variants = variant_styles(view.variants)
        columns = 2 if len(variants) > 1 else 1
        rows = math.ceil(len(variants) / columns)
        figure = MatplotlibFigure(figsize=(WIDTH, 2.7 + 0.19 * rows))
        axes = figure.subplots()
        for variant, style in variants.items():
            runs = [run for run in view.runs if run.variant == variant]
            points = {
                run.seed: point
                for run in runs
                if (point := _point(run, against=self.against, metric=view.metric))
            }
            _draw_variant(axes, points=points, name=variant, style=style)
        axes.set_xlabel(_AXIS_LABELS[self.against])
        axes.set_ylabel(f"{view.metric} ({view.direction})")
        handles, names = axes.get_legend_handles_labels()
        if handles:
            short = short_names(names, most=NAME)
            labels = [short[name] for name in names]
            figure.legend(handles, labels, loc="outside lower center", ncols=columns)
        return figure


def _point(run: RunSummary, *, against: Against, metric: str) -> tuple[float, float] | None:
    """A run's cost and score; None if either is unknown."""
    pace = run.decoding.tokens_per_second if run.decoding else None
    costs = {"seconds": run.seconds, "target_tokens": run.target_tokens, "decoding": pace}
    cost = costs[against]
    score = run.scores.get(metric)
    if run.outcome != "finished" or cost is None or score is None or not math.isfinite(score):
        return None
    return float(cost), score


def _draw_variant(
    axes: Axes, *, points: Mapping[int, tuple[float, float]], name: str, style: VariantStyle
) -> None:
    import seaborn

    if not points:
        return
    costs, scores = zip(*points.values(), strict=True)
    mark: dict[str, Any] = {"color": style.color, "marker": style.marker}
    for seed, (cost, score) in points.items():
        told = hover(f"{name}, seed {seed}: {number(score)} at {number(cost)}")
        axes.plot([cost], [score], markersize=4, alpha=0.5, markeredgewidth=0, gid=told, **mark)
    # The median of costs, since one run on a busy machine would move their mean.
    x, y = median(costs), fmean(scores)
    told = hover(f"{name}, mean: {number(y)} at a median of {number(x)}")
    center = {"x": [x], "y": [y], "ax": axes, "legend": False, "label": name, "gid": told, **mark}
    seaborn.scatterplot(**center, s=80, zorder=3, edgecolor="#ffffff")
