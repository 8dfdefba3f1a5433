"""One study's experiment in MLflow, through a client that gives up soon."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.contracts import RunView
from harness_trackers.mlflow.facts import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

# What is set already stays. Unset, a server that is away costs 4 minutes a call, or 20.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_HASTE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
_MOST_METRICS, _MOST_PARAMETERS = 900, 90  # in one request; a server takes 1000 and 100
_LONGEST = 500  # characters of a parameter


def connect(uri: str) -> MlflowClient:
    """A client of a store that says nothing, tells nobody and does not wait long."""
    for name, value in {**QUIET, **_HASTE}.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)


class Store:
    """The runs of one experiment; every method may raise what MLflow raises."""

    def __init__(self, uri: str, *, experiment: str, artifacts: Path) -> None:
        self.client = connect(uri)
        self.experiment = self._experiment(experiment, uri=uri, artifacts=artifacts)
        self.runs = {run.data.tags["harness.key"]: run for run in self._search()}

    def _experiment(self, name: str, *, uri: str, artifacts: Path) -> Experiment:
        """The experiment of this name; artifacts follow a local database, not the shell."""
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return found
        local = artifacts.absolute().as_uri() if uri.startswith("sqlite:") else None
        made = self.client.create_experiment(name, artifact_location=local)
        return self.client.get_experiment(made)

    def _search(self) -> list[Run]:
        """Every run that a study put here."""
        found: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment.experiment_id],
                filter_string="tags.`harness.key` != ''",
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                return found

    def begin(self, key: str, *, name: str, start: int, tags: Mapping[str, str]) -> Run:
        """A new run."""
        run = self.client.create_run(
            self.experiment.experiment_id,
            start_time=start,
            tags={**tags, "harness.key": key},
            run_name=name,
        )
        self.runs[key] = run
        return run

    def plot(self, run: str, *, points: Sequence[Point], start: int) -> None:
        """Add points to curves. A point's time follows from its step: twice is the same as once."""
        from mlflow.entities import Metric

        metrics = [Metric(each.key, each.value, start + each.step, each.step) for each in points]
        for first in range(0, len(metrics), _MOST_METRICS):
            self.client.log_batch(run, metrics=metrics[first : first + _MOST_METRICS])

    def describe(self, run: str, *, options: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Set parameters, which never change, and tags."""
        from mlflow.entities import Param, RunTag

        given = [Param(name, value[:_LONGEST]) for name, value in options.items()]
        for first in range(0, len(given), _MOST_PARAMETERS):
            self.client.log_batch(run, params=given[first : first + _MOST_PARAMETERS])
        self.client.log_batch(run, tags=[RunTag(name, value) for name, value in tags.items()])

    def feed(self, run: str, *, view: RunView) -> None:
        """Say which sentences a run learned from."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        ((name, options),) = view.experiment["dataset"].items()
        dataset = Dataset(
            name=name,
            digest=view.dataset_digest[:36],
            source_type="harness",
            source=json.dumps(options, ensure_ascii=False),
        )
        tag = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run, datasets=[DatasetInput(dataset, tags=[tag])])

    def attach(self, run: str, *, name: str, value: Any) -> None:
        """Keep a JSON value as a file."""
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        self.client.log_text(run, text, name)

    def end(self, run: str, *, status: str, at: int | None = None) -> None:
        """Say how a run stands; RUNNING, for one that goes on again."""
        if status == "RUNNING":
            self.client.update_run(run, status=status)
        else:
            self.client.set_terminated(run, status=status, end_time=at or now())

    def mark(self, tags: Mapping[str, str]) -> None:
        """Set tags of the experiment."""
        for name, value in tags.items():
            self.client.set_experiment_tag(self.experiment.experiment_id, name, value)


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
