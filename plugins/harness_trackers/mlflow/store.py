"""A study's experiment in MLflow, accessed by a client with short timeouts."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.contracts import RunView
from harness_trackers.mlflow.addresses import database_path, database_uri, remove_misread_folders
from harness_trackers.mlflow.creation import ensure_database
from harness_trackers.mlflow.limits import accepted_name, cut
from harness_trackers.mlflow.logged_run import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

# Defaults for environment variables, which take precedence.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# With MLflow's own defaults, a call to an unreachable server blocks for 4 to 20 minutes.
_TIMEOUTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
_MAX_METRICS, _MAX_PARAMETERS = 900, 90  # per request; MLflow's limits are 1000 and 100
_MAX_LENGTH = 500  # characters of a parameter
_MAX_TAG = 5_000  # characters of a tag
_MAX_DATASET_NAME, _MAX_SOURCE = 500, 65_535  # characters
_REFUSALS = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}


def connect(uri: str) -> MlflowClient:
    """A client with short timeouts, without telemetry and without log output below warnings."""
    for name, value in {**QUIET, **_TIMEOUTS}.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)


def _create(path: Path) -> None:
    """Let MLflow create its tables in a file, and the experiment that it always has."""
    connect(database_uri(path)).search_experiments()


class Store:
    """The runs of one experiment; every method may raise `MlflowException`.

    `refused` has a line for each item that MLflow did not accept.
    """

    def __init__(self, uri: str, *, experiment: str, artifacts: Path) -> None:
        local = database_path(uri)
        if local:
            ensure_database(local, create=_create)
        self.client = connect(uri)
        self.refused: list[str] = []
        self.experiment = self._get_or_create(experiment, uri=uri, artifacts=artifacts)
        remove_misread_folders(uri)
        self.runs = {run.data.tags["harness.key"]: run for run in self._search_runs()}

    def _get_or_create(self, name: str, *, uri: str, artifacts: Path) -> Experiment:
        """The experiment with this name; artifacts of a local database stay next to it."""
        existing = self.client.get_experiment_by_name(name)
        if existing is not None:
            if existing.lifecycle_stage == "deleted":  # its name stays taken
                self.client.restore_experiment(existing.experiment_id)
            return existing
        # MLflow's default would be a folder below the current directory.
        local = artifacts.absolute().as_uri() if uri.startswith("sqlite:") else None
        created = self.client.create_experiment(name, artifact_location=local)
        return self.client.get_experiment(created)

    def _search_runs(self) -> list[Run]:
        """Every run of the experiment that this tracker created."""
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment.experiment_id],
                filter_string="tags.`harness.key` != ''",
                page_token=token,
            )
            runs += page
            token = page.token
            if not token:
                return runs

    def create_run(self, key: str, *, name: str, start: int, tags: Mapping[str, str]) -> Run:
        """Create a run."""
        run = self.client.create_run(
            self.experiment.experiment_id,
            start_time=start,
            tags={name: cut(tag, longest=_MAX_TAG) for name, tag in tags.items()}
            | {"harness.key": key},
            run_name=cut(name, longest=_MAX_TAG),
        )
        self.runs[key] = run
        return run

    @contextmanager
    def noting_refusals(self, item: str) -> Iterator[None]:
        """Note an item that MLflow refuses or that cannot be written, so that the others follow.

        A store that cannot be reached would refuse every item: its errors pass.
        """
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            if error.error_code not in _REFUSALS:
                raise
            self.refused.append(f"{item}: {error.message}")
        except OSError as error:
            if error.errno is None or isinstance(error, ConnectionError):
                raise
            self.refused.append(f"{item}: {error.strerror}")

    def log_points(self, run: str, *, points: Sequence[Point], start: int) -> None:
        """Append points to curves; idempotent, since a point's time is computed from its step."""
        from mlflow.entities import Metric

        metrics = [
            Metric(accepted_name(point.key), point.value, start + point.step, point.step)
            for point in points
        ]
        for first in range(0, len(metrics), _MAX_METRICS):
            self._log_batch(run, kind="metrics", entities=metrics[first : first + _MAX_METRICS])

    def set_params_and_tags(
        self, run: str, *, params: Mapping[str, str], tags: Mapping[str, str]
    ) -> None:
        """Set parameters, which MLflow does not allow to change later, and tags."""
        from mlflow.entities import Param, RunTag

        entities = [
            Param(accepted_name(name), cut(value, longest=_MAX_LENGTH))
            for name, value in params.items()
        ]
        for first in range(0, len(entities), _MAX_PARAMETERS):
            self._log_batch(run, kind="params", entities=entities[first : first + _MAX_PARAMETERS])
        texts = [RunTag(name, cut(value, longest=_MAX_TAG)) for name, value in tags.items()]
        self._log_batch(run, kind="tags", entities=texts)

    def _log_batch(self, run: str, *, kind: str, entities: Sequence[Any]) -> None:
        """Log a batch or, if MLflow refuses it as a whole, its items one by one."""
        refused = len(self.refused)
        batch: dict[str, Any] = {kind: entities}
        with self.noting_refusals(kind):
            self.client.log_batch(run, **batch)
        if len(self.refused) > refused and len(entities) > 1:
            del self.refused[refused:]
            for entity in entities:
                single: dict[str, Any] = {kind: [entity]}
                with self.noting_refusals(f"{kind} {entity.key}"):
                    self.client.log_batch(run, **single)

    def log_dataset(self, run: str, *, view: RunView) -> None:
        """Record the dataset on which a run is trained."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        ((name, options),) = view.experiment["dataset"].items()
        hub = options.get("hub") if name == "hugging_face" else None
        source = {**hub, "path": hub["name"]} if hub else options
        dataset = Dataset(
            name=cut(hub["name"] if hub else name, longest=_MAX_DATASET_NAME),
            digest=view.dataset_digest[:36],
            source_type="hugging_face" if hub else "harness",  # the page links to the hub's
            source=cut(json.dumps(source, ensure_ascii=False), longest=_MAX_SOURCE),
        )
        tag = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run, datasets=[DatasetInput(dataset, tags=[tag])])

    def log_json(self, run: str, *, name: str, value: Any) -> None:
        """Store a JSON value as an artifact."""
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        self.client.log_text(run, text, name)

    def set_status(self, run: str, *, status: str, end: int | None = None) -> None:
        """Set a run's status; RUNNING also reopens an ended run. `end` is in milliseconds."""
        if status == "RUNNING":
            self.client.update_run(run, status=status)
        else:
            self.client.set_terminated(run, status=status, end_time=end or now())

    def tag_experiment(self, tags: Mapping[str, str]) -> None:
        """Set tags of the experiment."""
        for name, value in tags.items():
            with self.noting_refusals(f"tag {name} of the experiment"):
                self.client.set_experiment_tag(self.experiment.experiment_id, name, value)


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
