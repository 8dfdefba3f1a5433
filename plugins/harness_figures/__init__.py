"""Figures of a report."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Figure
from harness.hookspecs import hookimpl
from harness_figures.cost import Cost
from harness_figures.forest import Forest
from harness_figures.interactions import Interactions
from harness_figures.learning_curves import LearningCurves
from harness_figures.p_values import PValues
from harness_figures.performance_profile import PerformanceProfile
from harness_figures.slopes import Slopes
from harness_figures.trend import Trend


@hookimpl
def harness_figures() -> Sequence[type[Figure]]:
    """Offer the default figures of a report, and those that a study has to request."""
    return [Forest, LearningCurves, Slopes, Cost, Trend, Interactions, PValues, PerformanceProfile]
