"""MLflow as a study's tracker: on by default, and never in the way."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.live_study import FOREGROUND, processes, until
from support.tiny_study import TINY, Harness

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


def statuses(database: Path) -> set[str]:
    """The statuses of runs in MLflow; none before its tables exist."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return {status for (status,) in connection.execute("select status from runs")}
        except sqlite3.OperationalError:
            return set()


def interrupted(study: Path, *, kill: Callable[[int], None]) -> set[str]:
    """The statuses in MLflow after a study is ended in some way while it shows a running run."""
    database = study.parent / "results" / "mlflow.db"
    with subprocess.Popen(
        [*FOREGROUND, "run", str(study), "--jobs", "1"],
        cwd=study.parent,
        env={**os.environ, "BELONGS_TO": str(study)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        deadline = time.monotonic() + 200
        while not database.exists() or "RUNNING" not in statuses(database):
            assert time.monotonic() < deadline, "MLflow never showed a run going on"
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.2)
        kill(process.pid)
        process.communicate()
    return statuses(database)


@pytest.mark.signals
@pytest.mark.timeout(300)
def test_a_killed_coordinator_s_runs_are_shown_as_killed_within_a_minute(study: Path) -> None:
    study.write_text(study.read_text().replace("updates: 12", "updates: 100000"))
    assert "RUNNING" in interrupted(study, kill=lambda pid: os.kill(pid, signal.SIGKILL))
    # No other command is run: a process that the coordinator had started outlives it.
    database = study.parent / "results" / "mlflow.db"
    until(lambda: statuses(database) == {"KILLED", "FINISHED"}, seconds=60)
    until(lambda: not processes(study), seconds=60)


@pytest.mark.timeout(600)
def test_no_run_stays_running_in_mlflow_however_a_study_ends(study: Path, harness: Harness) -> None:
    study.write_text(study.read_text().replace("updates: 12", "updates: 100000"))
    ctrl_c = interrupted(study, kill=lambda pid: os.killpg(pid, signal.SIGINT))
    assert ctrl_c == {"KILLED", "FINISHED"}
    assert interrupted(study, kill=lambda pid: os.kill(pid, signal.SIGTERM)) == ctrl_c

    def kill_all(_: int) -> None:
        for pid in processes(study):
            os.kill(pid, signal.SIGKILL)

    # Then nobody is left to say a last word: whoever looks next does.
    assert "RUNNING" in interrupted(study, kill=kill_all)
    assert harness("sync", study).returncode == 0
    assert statuses(study.parent / "results" / "mlflow.db") == ctrl_c


def test_an_unreachable_server_costs_one_line_and_is_synced_later(
    study: Path, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{door.getsockname()[1]}")
    start = time.monotonic()
    ran = harness("run", study)
    assert ran.returncode == 0, ran.stderr
    assert time.monotonic() - start < 100
    warnings = [line for line in ran.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: tracker mlflow: ")
    assert "Does a tiny model need its dropout?" in ran.stdout
    assert harness("sync", study).returncode == 1

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    synced = harness("sync", study)
    assert (synced.returncode, synced.stderr) == (0, "")
    assert (study.parent / "results" / "mlflow.db").exists()
