"""MLflow beside a study, as a person would have it: by default, and never in the way."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import TINY, Harness

REPORTS = """
import sys
from harness.cli import main
try:
    main()
finally:
    print("mlflow" in sys.modules, file=sys.stderr)
"""


@pytest.fixture
def study(study: Path) -> Path:
    study.write_text(TINY.replace("trackers: []\n", "").replace("seeds: 2", "seeds: 1"))
    return study


def test_mlflow_has_every_run_by_default_and_a_finished_study_does_not_even_load_it(
    study: Path, harness: Harness
) -> None:
    ran = harness("run", study)
    assert (ran.returncode, "warning" in ran.stderr) == (0, False), ran.stderr
    with sqlite3.connect(study.parent / "results" / "mlflow.db") as database:
        runs = dict(database.execute("select name, status from runs").fetchall())
    assert runs == {
        "baseline, seed 1": "FINISHED",
        "no-dropout, seed 1": "FINISHED",
        "study tiny": "FINISHED",
    }
    again = subprocess.run(
        [sys.executable, "-c", REPORTS, "run", study],
        cwd=study.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout == ran.stdout
    assert again.stderr == "False\n"


def test_a_server_that_is_away_costs_one_line_and_is_caught_up_with_later(
    study: Path, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{door.getsockname()[1]}")
    begun = time.monotonic()
    ran = harness("run", study)
    assert ran.returncode == 0, ran.stderr
    assert time.monotonic() - begun < 100
    warnings = [line for line in ran.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: tracker mlflow: ")
    assert "Does a tiny model need its dropout?" in ran.stdout
    assert harness("sync", study).returncode == 1

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    synced = harness("sync", study)
    assert (synced.returncode, synced.stderr) == (0, "")
    assert (study.parent / "results" / "mlflow.db").exists()
