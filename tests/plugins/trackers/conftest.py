"""A results folder for every test, with a copy of a database whose tables are created once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.mlflow_ledger import Bench, fresh

from harness_trackers.mlflow.store import connect


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database; shared, since creating its tables takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    connect(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def bench(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return fresh(tmp_path / "out", database=database)
