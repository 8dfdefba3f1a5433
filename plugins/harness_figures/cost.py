"""What a score costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Literal

from harness.components import Figure
from harness.contracts import Draw, ReportView, RunSummary
from harness_figures.looks import WIDTH, Look, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

Against = Literal["seconds", "target_tokens"]
_WORDS: Mapping[Against, str] = {
    "seconds": "seconds of training",
    "target_tokens": "target tokens trained on",
}


@dataclass(frozen=True, kw_only=True)
class Cost(Figure):
    """The primary score against what the training cost: small marks are runs.

    A large mark is a variant's mean score at its median cost. Seconds are of the machine that
    trained, and of what else it had to do.
    """

    name = "cost"
    bare = "against"
    against: Against = "seconds"

    def build(self) -> Draw:
        return self._draw

    def _draw(self, view: ReportView) -> Drawn:
        from matplotlib.figure import Figure as Drawn

        variants = looks(view.variants)
        columns = 2 if len(variants) > 1 else 1
        rows = math.ceil(len(variants) / columns)
        drawn = Drawn(figsize=(WIDTH, 2.7 + 0.19 * rows))
        axes = drawn.subplots()
        for variant, look in variants.items():
            runs = [run for run in view.runs if run.variant == variant]
            points = {
                run.seed: point
                for run in runs
                if (point := _point(run, against=self.against, metric=view.metric))
            }
            _draw_variant(axes, points=points, name=variant, look=look)
        axes.set_xlabel(_WORDS[self.against])
        better = "higher" if view.higher_is_better else "lower"
        axes.set_ylabel(f"{view.metric} ({better} is better)")
        if axes.get_legend_handles_labels()[0]:
            drawn.legend(loc="outside lower center", ncols=columns)
        return drawn


def _point(run: RunSummary, *, against: Against, metric: str) -> tuple[float, float] | None:
    """Where a run stands: what it cost, and what it scored; None if either is not known."""
    cost = run.seconds if against == "seconds" else run.target_tokens
    score = run.scores.get(metric)
    if run.outcome != "finished" or cost is None or score is None or not math.isfinite(score):
        return None
    return float(cost), score


def _draw_variant(
    axes: Axes, *, points: Mapping[int, tuple[float, float]], name: str, look: Look
) -> None:
    import seaborn

    if not points:
        return
    costs, scores = zip(*points.values(), strict=True)
    shared = {"ax": axes, "color": look.color, "marker": look.marker, "legend": False}
    seaborn.scatterplot(x=costs, y=scores, s=16, alpha=0.5, linewidth=0, **shared)
    middle = {"x": [median(costs)], "y": [fmean(scores)]}
    seaborn.scatterplot(**middle, s=80, label=name, zorder=3, edgecolor="#ffffff", **shared)
