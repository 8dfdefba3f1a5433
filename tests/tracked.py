"""A ledger written by hand, with MLflow beside it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.contracts import RunView, StudyView
from harness.runs.ledger import Ledger
from harness_trackers.mlflow.component import Mlflow
from harness_trackers.mlflow.store import connect

UPDATES = 12
VARIANTS = ("baseline", "low-rate")


@dataclass
class Bench:
    """A results folder whose runs go on when they are told to."""

    out: Path
    summary: str = ""
    digests: dict[str, str] = field(default_factory=lambda: {name: name[0] for name in VARIANTS})

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.out}/mlflow.db"

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.out / "runs")

    def run(self, variant: str, seed: int) -> RunView:
        digest = f"{self.digests[variant]}{seed}"
        return RunView(
            variant=variant,
            seed=seed,
            digest=digest,
            path=self.ledger.run(digest),
            evaluation="e",
            experiment={"budget": {"updates": UPDATES}, "dataset": {"counting": {"train": 40}}},
            options={"schedule": variant},
            dataset_digest="d" * 64,
        )

    @property
    def study(self) -> StudyView:
        folder = self.out / "tiny"
        return StudyView(
            name="tiny",
            question="Does it?",
            path=folder,
            runs=[self.run(variant, seed) for seed in (1, 2) for variant in VARIANTS],
            summary=self.summary,
            files=sorted(folder.glob("report.*")) if self.summary else (),
        )

    def go(self, *, until: int) -> None:
        """Every run measures, from wherever it is."""
        for run in self.study.runs:
            run.path.mkdir(parents=True, exist_ok=True)
            with (run.path / "measurements.jsonl").open("a") as file:
                for update in range(self._measured(run), until + 1):
                    values = [["train", "loss", 5.0 - update / 10 - run.seed / 100]]
                    if update % 4 == 0:
                        values.append(["validation", "nll", 4.0 - update / 10])
                    file.write(json.dumps([update, values]) + "\n")

    def _measured(self, run: RunView) -> int:
        path = run.path / "measurements.jsonl"
        return path.read_text().count("\n") if path.exists() else 0

    def end(self, **outcome: Any) -> None:
        """Every run ends the same way."""
        for run in self.study.runs:
            ended = {"status": "finished", "seconds": 3.0, **outcome}
            (run.path / "outcome.json").write_text(json.dumps(ended))
            folder = run.path / "evaluations" / "e"
            if ended["status"] == "finished":
                folder.mkdir(parents=True)
                scores = {"nll": 3.0 + run.seed / 10, "token_accuracy": None}
                decoded = {"scores": scores, "sentences": 0}
                (folder / "outcome.json").write_text(json.dumps(decoded))

    def sync(self, uri: str | None = None) -> None:
        """As a new process would."""
        Mlflow(uri=uri or self.uri).build(out=self.out).sync(self.study, self.ledger)


def contents(uri: str) -> dict[str, Any]:
    """All that a person finds in the store: by a run's name its status, options, tags, curves."""
    client = connect(uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    found = {}
    for run in client.search_runs([experiment.experiment_id]):
        curves = {
            key: [
                (each.step, each.value, each.timestamp - run.info.start_time)
                for each in client.get_metric_history(run.info.run_id, key)
            ]
            for key in run.data.metrics
        }
        told = {key: value for key, value in run.data.tags.items() if "mlflow." not in key}
        name = f"{run.info.run_name} {told.get('digest', '')}".strip()
        assert name not in found, "a run is there twice"
        found[name] = (run.info.status, run.data.params, told, curves)
    return found


def fresh(out: Path, *, database: Path) -> Bench:
    """A results folder with nothing in it."""
    out.mkdir()
    shutil.copy(database, out / "mlflow.db")
    return Bench(out)
