"""Signs that a run learned nothing, so that no difference of its scores could have shown.

From numbers alone: the course of a loss and its value by chance, scores and their bounds, and how
many different outputs there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.inputs import ScoredMetric

_FLOOR = 0.02  # of a metric's range: a score this near to the worst one says nothing
_FALLING = 0.05  # of all that a loss fell: more than this in the last quarter is no end
_FEW_OUTPUTS = 0.1  # different outputs, of the different ones to be expected
_FEWEST_EXPECTED = 10  # different outputs to be expected, or copies are no sign


@dataclass(frozen=True, kw_only=True)
class TrainingTrace:
    """What one run left: its validation losses from the start on, and its outputs.

    `by_chance` is the loss of a guess that ignores the input, None if it is not known. `different`
    outputs were written where `expected` different ones were asked for.
    """

    losses: Sequence[float]
    by_chance: float | None = None
    different: int = 0
    expected: int = 0


def no_better_than_chance(trace: TrainingTrace) -> bool:
    """True if the loss never was below that of a guess which ignores the input."""
    if trace.by_chance is None or not trace.losses:
        return False
    return min(trace.losses) >= trace.by_chance


def better_than_chance(trace: TrainingTrace) -> bool:
    """True if the loss is known to have been below that of a guess which ignores the input."""
    return trace.by_chance is not None and any(loss < trace.by_chance for loss in trace.losses)


def writes_copies(trace: TrainingTrace) -> bool:
    """True if nearly all outputs are copies of each other and should not be."""
    least = max(1.0, _FEW_OUTPUTS * trace.expected)
    return trace.expected >= _FEWEST_EXPECTED and trace.different <= least


def still_falling(trace: TrainingTrace) -> bool:
    """True if the loss fell by a notable part of its whole way in the last quarter."""
    losses = trace.losses
    if len(losses) < 2:
        return False
    fell = losses[0] - min(losses)
    last = losses[-1 - math.ceil((len(losses) - 1) / 4)] - losses[-1]
    return last > _FALLING * fell > 0


def at_floor(score: float, *, metric: ScoredMetric) -> bool:
    """True if a score is next to the worst one possible; False where there is no worst one."""
    low, high = metric.bounds
    if metric.higher_is_better is None or not math.isfinite(high - low):
        return False
    worst = low if metric.higher_is_better else high
    return abs(score - worst) <= _FLOOR * (high - low)
