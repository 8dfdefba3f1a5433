"""Synchronization of the ledger to MLflow: idempotent, and cheap when nothing is new."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.contracts import LedgerView, StudyView
from harness.errors import HarnessError
from harness_trackers.mlflow import server
from harness_trackers.mlflow.addresses import database_path
from harness_trackers.mlflow.export import export_run, export_study, tag_runs
from harness_trackers.mlflow.limits import cut
from harness_trackers.mlflow.logged_run import fingerprint, report_contents, started_runs
from harness_trackers.mlflow.store import Store
from harness_trackers.mlflow.sync_state import SyncState

_MAX_MESSAGE = 150  # characters of an error of MLflow's


@dataclass(kw_only=True)
class MlflowTracking:
    """The tracking of one study in one store."""

    uri: str
    experiment: str | None
    out: Path
    _store: Store | None = None
    _ledger: LedgerView | None = None  # of the last export

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Export everything new, and again what was deleted from the store.

        If nothing is new and the local database is as it was left, MLflow is not even imported.
        Raises `HarnessError` if the store cannot be reached, or names what it refused.
        """
        self._ledger = ledger
        self._refuse_read_only(study.path)
        with self._locked(), self._one_line_errors():
            # Not before the lock: another process may have copied later states meanwhile.
            runs = started_runs(study, ledger=ledger)
            fingerprints = [run.fingerprint for run in runs]
            current = fingerprint([self.experiment, fingerprints, report_contents(study)])
            state = SyncState.load(study.path / "mlflow.json", uri=self.uri)
            if self._stamp() != state.database:
                self._store = None  # runs may have been deleted from it since it was opened
            elif state.fingerprint == current and (self._stamp() or self._store):
                return
            store, complete = self._open_store(study, state=state), False
            try:
                for run in runs:
                    export_run(run, study=study, store=store, state=state, ledger=ledger)
                export_study(study, runs=runs, store=store, state=state)
                tag_runs(study, store=store, ledger=ledger)
                self._name_refusals(store)
                state.fingerprint, complete = current, True
            finally:
                if not complete:
                    self._store = None  # so that the next export looks what is there
                state.database = self._stamp()
                state.save()

    def serve(self, study: StudyView, *, port: int | None, ready: Callable[[str], None]) -> None:
        """Serve a local database, or link to the tracking server; see `server.serve`."""
        state = SyncState.load(study.path / "mlflow.json", uri=self.uri)
        with self._one_line_errors():
            experiment = self._open_store(study, state=state).experiment.experiment_id
        refresh = partial(self.refresh, study)
        server.serve(self.uri, experiment=experiment, port=port, ready=ready, refresh=refresh)

    def refresh(self, study: StudyView) -> None:
        """Export what the runs have come to since the last export, a killed process included.

        The study's results and its other runs are left to those that evaluate and plan it.
        """
        if (ledger := self._ledger) is None:
            return
        with self._locked(), self._one_line_errors():
            state = SyncState.load(study.path / "mlflow.json", uri=self.uri)
            if self._stamp() != state.database:
                self._store = None
            store = self._open_store(study, state=state)
            for run in started_runs(study, ledger=ledger):
                export_run(run, study=study, store=store, state=state, ledger=ledger)
            state.database = self._stamp()
            state.save()

    def _open_store(self, study: StudyView, *, state: SyncState) -> Store:
        """Open the store once; runs deleted from it will be exported again."""
        if self._store is None:
            self._store = Store(
                self.uri,
                experiment=self.experiment or study.name,
                artifacts=self.out / "mlflow-artifacts" / study.name,
            )
            state.keep_only({run.info.run_id for run in self._store.runs.values()})
        return self._store

    def _stamp(self) -> str:
        """The time of change and the size of a local database.

        Empty for a server, which is asked once per process: nothing shows whether it has changed.
        """
        path = database_path(self.uri)
        if path is None or not path.exists():
            return ""
        facts = path.stat()
        return f"{facts.st_mtime_ns} {facts.st_size}"

    def _refuse_read_only(self, folder: Path) -> None:
        """Raise `HarnessError` where what has been copied could not be kept, before any of it is.

        MLflow would go on trying for minutes, and print its own tracebacks.
        """
        for place in (self.out, folder, database_path(self.uri)):
            if place and place.exists() and not os.access(place, os.W_OK):
                raise HarnessError(
                    f"{place}: may only be read; make it writable, or sync a copy of the results"
                )

    def _name_refusals(self, store: Store) -> None:
        """Raise `HarnessError` with the first item that was refused, if one was."""
        if store.refused:
            first, *others = (_line(text) for text in store.refused)
            more = f", and {len(others)} more" if others else ""
            raise HarnessError(f"{self.uri}: not copied: {first}{more}; all else is there")

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        """Turn errors of MLflow, or of the database below it, into one line with the URI."""
        try:
            yield
        except Exception as error:
            from mlflow.exceptions import MlflowException

            fault = getattr(error, "orig", None)  # SQLAlchemy's, as of a lock: MLflow passes it on
            if fault is None and not isinstance(error, MlflowException):
                raise
            raise HarnessError(f"{self.uri}: {_line(str(fault or error))}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold a lock: two processes that create the tables of one database would break them."""
        self.out.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
        with os.fdopen(os.open(self.out / ".mlflow.lock", flags, 0o666), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _line(text: str) -> str:
    return cut(" ".join(text.split()), longest=_MAX_MESSAGE)
