"""Trackers that show runs in external experiment trackers."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Tracker
from harness.hookspecs import hookimpl
from harness_trackers.mlflow.component import Mlflow


@hookimpl
def harness_trackers() -> Sequence[type[Tracker]]:
    """Offer MLflow."""
    return [Mlflow]
