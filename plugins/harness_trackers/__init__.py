"""Trackers that show runs in external experiment trackers, or in files."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Tracker
from harness.hookspecs import hookimpl
from harness_trackers.csv import Csv
from harness_trackers.mlflow.component import Mlflow
from harness_trackers.tensorboard import TensorBoard
from harness_trackers.wandb import Wandb


@hookimpl
def harness_trackers() -> Sequence[type[Tracker]]:
    """Offer MLflow, CSV files, TensorBoard, and Weights & Biases offline."""
    return [Mlflow, Csv, TensorBoard, Wandb]
