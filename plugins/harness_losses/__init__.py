"""Losses: the objectives that training minimizes."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Loss
from harness.hookspecs import hookimpl
from harness_losses.cross_entropy import CrossEntropy
from harness_losses.kl_divergence import KLDivergence
from harness_losses.label_smoothing import LabelSmoothing


@hookimpl
def harness_losses() -> Sequence[type[Loss]]:
    """The losses of this package."""
    return [CrossEntropy, KLDivergence, LabelSmoothing]
