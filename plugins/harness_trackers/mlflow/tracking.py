"""The ledger to MLflow: idempotent, live or later, and cheap when nothing is new."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.contracts import LedgerView, StudyView
from harness.errors import HarnessError
from harness_trackers.mlflow import serving
from harness_trackers.mlflow.copying import copy_run, copy_study, retire
from harness_trackers.mlflow.facts import begun, found, key, stamp
from harness_trackers.mlflow.memory import Memory
from harness_trackers.mlflow.store import Store

_LONGEST = 150  # characters of MLflow's complaints


@dataclass(kw_only=True)
class MlflowPage:
    """One study in one store."""

    uri: str
    experiment: str | None
    out: Path
    _store: Store | None = None

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Copy what is new; without it, MLflow is not even imported."""
        facts = begun(study, ledger=ledger)
        whole = stamp([self.experiment, [each.print for each in facts], found(study)])
        with self._alone(), self._in_words():
            memory = Memory.of(study.path / "mlflow.json", uri=self.uri)
            if memory.print == whole and not self._lost():
                return
            store = self._open(study, memory=memory)
            try:
                for each in facts:
                    copy_run(each, study=study, store=store, memory=memory, ledger=ledger)
                copy_study(study, store=store, memory=memory)
                retire(store, current={key(run) for run in study.runs}, ledger=ledger)
                memory.print = whole
            finally:
                memory.keep()

    def serve(self, study: StudyView, *, port: int | None, ready: Callable[[str], None]) -> None:
        """Serve a database here, or point to the server that has the runs."""
        memory = Memory.of(study.path / "mlflow.json", uri=self.uri)
        with self._in_words():
            experiment = self._open(study, memory=memory).experiment.experiment_id
        serving.serve(self.uri, experiment=experiment, port=port, ready=ready)

    def _open(self, study: StudyView, *, memory: Memory) -> Store:
        """The store, once; what it no longer has is to be copied again."""
        if self._store is None:
            self._store = Store(
                self.uri,
                experiment=self.experiment or study.name,
                artifacts=self.out / "mlflow-artifacts" / study.name,
            )
            memory.forget_all_but({run.info.run_id for run in self._store.runs.values()})
        return self._store

    def _lost(self) -> bool:
        """Whether a local database that was there is gone."""
        scheme, _, path = self.uri.partition(":///")
        return scheme == "sqlite" and not Path(path).exists()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """What MLflow refuses, or a server that is away, in one line that says where."""
        try:
            yield
        except Exception as error:
            from mlflow.exceptions import MlflowException

            if not isinstance(error, MlflowException):
                raise
            said = " ".join(str(error).split())
            text = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
            raise HarnessError(f"{self.uri}: {text}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: two on a fresh database would break each other's tables."""
        self.out.mkdir(parents=True, exist_ok=True)
        with (self.out / ".mlflow.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
