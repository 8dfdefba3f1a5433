"""The tracker component `mlflow` and its options."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.components import Tracker
from harness_trackers.mlflow.addresses import database_uri
from harness_trackers.mlflow.tracking import MlflowTracking


@dataclass(frozen=True, kw_only=True)
class Mlflow(Tracker):
    """Runs, curves and scores in MLflow: one experiment per study, one run per variant and seed.

    `uri` is a tracking server or database. It defaults to MLFLOW_TRACKING_URI or, if that is unset,
    to a SQLite file next to the results, with its artifacts. `experiment` defaults to the study's
    name. Options in which variants differ become parameters, final scores are logged as
    ``final/*``, and verdicts go into the descriptions of the experiment and of the study's own run.
    Runs that are no longer part of an edited study are kept, with the tag ``harness.current`` set
    to false.
    """

    name = "mlflow"
    uri: str | None = None
    experiment: str | None = None

    def build(self, *, out: Path) -> MlflowTracking:
        """Track in the configured store, by default below `out`; nothing is opened yet."""
        default = database_uri(out.absolute() / "mlflow.db")
        return MlflowTracking(
            uri=self.uri or os.environ.get("MLFLOW_TRACKING_URI") or default,
            experiment=self.experiment,
            out=out,
        )
