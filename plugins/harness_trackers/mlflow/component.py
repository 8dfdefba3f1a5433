"""The tracker `mlflow`, as a study names it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.components import Tracker
from harness.contracts import Page
from harness_trackers.mlflow.tracking import MlflowPage


@dataclass(frozen=True, kw_only=True)
class Mlflow(Tracker):
    """Runs, curves and scores in MLflow: one experiment a study, one run per variant and seed.

    `uri` is a tracking server or database; without it MLFLOW_TRACKING_URI is and, failing that, a
    SQLite file beside the results, its artifacts with it. `experiment` is the study's name unless
    said. Options in which variants differ are parameters, the last scores are ``final/*``, and the
    verdicts stand in the experiment's description. Runs that a changed study no longer has keep
    their place with the tag ``harness.current`` false.
    """

    name = "mlflow"
    uri: str | None = None
    experiment: str | None = None

    def build(self, *, out: Path) -> Page:
        """MLflow below `out`, or wherever it is said to be; nothing is opened yet."""
        beside = f"sqlite:///{out.absolute() / 'mlflow.db'}"
        return MlflowPage(
            uri=self.uri or os.environ.get("MLFLOW_TRACKING_URI") or beside,
            experiment=self.experiment,
            out=out,
        )
