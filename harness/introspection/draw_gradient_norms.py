"""A figure of the norm of the gradient at every layer, for each variant of a study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from harness.contracts import Measurement
from harness.errors import HarnessError
from harness.introspection.draw_curves import Curve, draw_curves
from harness.training.gradient_norms import PREFIX

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Runs = Mapping[str, Sequence[Sequence[Measurement]]]  # the measurements of every run, by variant


def norms_at(runs: Runs, *, update: int) -> dict[str, dict[str, float]]:
    """The gradient norm of every layer at an update, by variant, the mean over its runs.

    Variants without any are left out. Raises `HarnessError` if none has one at that update.
    """
    measured = {
        variant: [row for rows in of for row in rows if row.metric.startswith(PREFIX)]
        for variant, of in runs.items()
    }
    updates = sorted({row.update for rows in measured.values() for row in rows})
    if not updates:
        way_out = "write `budget: {gradient_norms: true}` in the baseline, and run the study"
        raise HarnessError(f"no gradient norms by layer were measured; {way_out}")
    if update not in updates:
        there = ", ".join(map(str, updates))
        raise HarnessError(f"no gradient norms were measured at update {update}; there are {there}")
    means = {}
    for variant, rows in measured.items():
        values: dict[str, list[float]] = {}
        for row in rows:
            if row.update == update:
                values.setdefault(row.metric.removeprefix(PREFIX), []).append(row.value)
        if values:
            means[variant] = {layer: fmean(norms) for layer, norms in values.items()}
    return means


def draw_gradient_norms(runs: Runs, *, update: int, name: str) -> Figure:
    """A line for each variant over the layers, in the model's order; `name` is the study's."""
    from matplotlib.ticker import StrMethodFormatter

    means = norms_at(runs, update=update)
    # By the variant that has most of them, as one without a layer does not know its place.
    fullest_first = sorted(means.values(), key=len, reverse=True)
    layers = list(dict.fromkeys(layer for norms in fullest_first for layer in norms))
    curves = [
        # On a scale of logarithms a norm of 0 has no place.
        Curve(
            variant,
            [layers.index(layer) for layer in norms],
            [norm if norm > 0 else math.nan for norm in norms.values()],
        )
        for variant, norms in means.items()
    ]
    drawn = draw_curves(
        curves, title=f"{name}: gradients at update {update}", x="layer", y="norm of its gradient"
    )
    (axes,) = drawn.axes
    for line in axes.lines:
        line.set(marker="o", markersize=3.5, markeredgewidth=0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # no formulas, as they stay text
    axes.autoscale()
    axes.set_xticks(
        range(len(layers)), layers, rotation=60, ha="right", rotation_mode="anchor", fontsize=7
    )
    return drawn
