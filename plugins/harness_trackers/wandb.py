"""Runs as offline runs of Weights & Biases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.components import Tracker
from harness.contracts import LedgerView, StudyView, Tracking
from harness.errors import HarnessError
from harness_trackers.mlflow.logged_run import (
    LoggedRun,
    Point,
    curve_points,
    fingerprint,
    report_contents,
    started_runs,
)
from harness_trackers.mlflow.verdicts import verdict
from harness_trackers.offsets import Copied, progress

_STUDY = "study"
_MAX_NOTES = 15_000  # characters


@dataclass(frozen=True, kw_only=True)
class Wandb(Tracker):
    """Offline runs of Weights & Biases, for ``wandb sync`` to upload when you say so.

    They lie in ``wandb`` of the results folder. A run is written when it has ended, as nobody can
    look at an offline run before; one that goes on, or gets more scores, is written again in its
    place. `project` defaults to the study's name. Nothing is ever sent anywhere.

    Install the library with ``pip install 'transformer-harness[wandb]'``.
    """

    name = "wandb"
    project: str | None = None

    def build(self, *, out: Path) -> Tracking:
        return OfflineRuns(out.absolute(), self.project)


@dataclass(frozen=True)
class OfflineRuns:
    """The offline runs of studies, in one folder as the library has it."""

    out: Path
    project: str | None

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Write each run that has ended; raises `HarnessError` where the library is missing."""
        with progress(self.out / "wandb" / "harness" / study.name) as copied:
            before = dict(copied)
            for run in started_runs(study, ledger=ledger):
                current = fingerprint([run.fingerprint, self.project])
                # Studies share runs, and this folder.
                key = fingerprint([study.name, run.key])[:32]
                if run.state != "running" and self._is_new(key, copied=copied, current=current):
                    self._write_run(run, key=key, study=study, ledger=ledger)
                    copied[key] = Copied(fingerprint=current)
            key = fingerprint([study.name])[:32]
            current = fingerprint([report_contents(study), self.project])
            if study.summary and self._is_new(key, copied=copied, current=current):
                self._write_study(study, key=key)
                copied[key] = Copied(fingerprint=current)
            if copied != before:
                # `finish` returns before the library's own process has written all: end that too.
                _library().teardown()

    def _is_new(self, key: str, *, copied: dict[str, Copied], current: str) -> bool:
        """True if a run is not there as it is now; it may have been deleted."""
        return key not in copied or copied[key].fingerprint != current or not self._folders(key)

    def _folders(self, key: str) -> Sequence[Path]:
        return list((self.out / "wandb").glob(f"offline-run-*-{key}"))

    def _write_run(self, run: LoggedRun, *, key: str, study: StudyView, ledger: LedgerView) -> None:
        view, outcome = run.view, run.outcome
        config = {"variant": view.variant, "seed": view.seed, "digest": view.digest}
        offline = self._started(
            key,
            study=study,
            name=f"{view.variant}, seed {view.seed}",
            group=view.variant,
            config={**config, **view.options, "experiment": dict(view.experiment)},
        )
        measurements = ledger.measurements(view.digest)
        for step, values in _by_step(curve_points(measurements, after=-1, updates=run.budget)):
            offline.log(values, step=step)
        offline.summary.update({f"final/{name}": value for name, value in run.scores.items()})
        offline.summary["outcome"] = run.state
        if outcome and outcome.reason:
            offline.summary["reason"] = outcome.reason
        # A run that diverged has come to its end: it counts in the analysis.
        _finish(offline, status=int(run.state in {"failed", "interrupted"}))

    def _write_study(self, study: StudyView, *, key: str) -> None:
        config = {"question": study.question, "study": dict(study.resolved)}
        offline = self._started(
            key, study=study, name=f"study {study.name}", group=_STUDY, config=config
        )
        for finding in study.findings:
            if finding.role == "primary":
                offline.summary[f"verdict/{finding.label}"] = verdict(finding)
                offline.summary[f"difference/{finding.label}"] = finding.difference
                offline.summary[f"p/{finding.label}"] = finding.p_adjusted
        _finish(offline, status=0)

    def _started(
        self, key: str, *, study: StudyView, name: str, group: str, config: dict[str, Any]
    ) -> Any:
        """A new offline run, in place of what there was of it."""
        wandb = _library()
        for folder in self._folders(key):  # also that of a process that was killed meanwhile
            shutil.rmtree(folder)
        return wandb.init(
            mode="offline",
            dir=str(self.out),
            project=self.project or study.name,
            id=key,
            name=name,
            group=group,
            config=config,
            notes=study.summary[:_MAX_NOTES] if group == _STUDY else None,
            reinit="create_new",  # several at once, as another program may have one of its own
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
            ),
        )


def _finish(offline: Any, *, status: int) -> None:
    logs = Path(offline.dir).parent / "logs"
    offline.finish(exit_code=status)
    # A link to what the library's own process goes on writing, for all programs of this user.
    (logs / "debug-core.log").unlink(missing_ok=True)


def _by_step(points: Iterator[Point]) -> Iterator[tuple[int, dict[str, float]]]:
    """The points of each step together, in order."""
    ordered = sorted(points, key=lambda point: point.step)
    for step, group in groupby(ordered, key=lambda point: point.step):
        yield step, {point.key: point.value for point in group}


def _library() -> Any:
    try:
        import wandb
    except ImportError:
        way_out = "pip install 'transformer-harness[wandb]'"
        raise HarnessError(f"Weights & Biases' library is not installed; {way_out}") from None
    return wandb
