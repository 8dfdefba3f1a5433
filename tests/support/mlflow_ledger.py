"""A ledger written by hand, and an MLflow store to sync it to."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.contracts import Finding, RunView, StudyView
from harness.runs.ledger import Ledger
from harness_trackers.mlflow.component import Mlflow
from harness_trackers.mlflow.store import connect

UPDATES = 12
VARIANTS = ("baseline", "low-rate")


@dataclass
class Bench:
    """A results folder whose runs progress on demand."""

    out: Path
    summary: str = ""
    digests: dict[str, str] = field(default_factory=lambda: {name: name[0] for name in VARIANTS})
    options: dict[str, str] = field(default_factory=dict)
    dataset: dict[str, Any] = field(default_factory=lambda: {"train": 40})
    corpus: str = "counting"
    findings: tuple[Finding, ...] = ()

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
            experiment={"budget": {"updates": UPDATES}, "dataset": {self.corpus: self.dataset}},
            options={"schedule": variant, **self.options},
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
            findings=self.findings,
            summary=self.summary,
            files=sorted(folder.glob("report.*")) if self.summary else (),
        )

    def go(self, *, until: int) -> None:
        """Append measurements of every run up to update `until`."""
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
        """Write the same outcome for every run."""
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
        """Sync with a new tracker, as a new process would."""
        Mlflow(uri=uri or self.uri).build(out=self.out).sync(self.study, self.ledger)


def contents(uri: str) -> dict[str, Any]:
    """The contents of the store: status, options, tags and curves by the name of the run."""
    client = connect(uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    runs = {}
    for run in client.search_runs([experiment.experiment_id]):
        curves = {
            key: [
                (metric.step, metric.value, metric.timestamp - run.info.start_time)
                for metric in client.get_metric_history(run.info.run_id, key)
            ]
            for key in run.data.metrics
        }
        tags = {key: value for key, value in run.data.tags.items() if "mlflow." not in key}
        name = f"{run.info.run_name} {tags.get('digest', '')}".strip()
        assert name not in runs, "a run occurs twice"
        runs[name] = (run.info.status, run.data.params, tags, curves)
    return runs


def fresh(out: Path, *, database: Path) -> Bench:
    """An empty results folder."""
    out.mkdir()
    shutil.copy(database, out / "mlflow.db")
    return Bench(out)
