"""MLflow locked for minutes, or gone while a study runs: nothing waits, and nothing is lost."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.tiny_study import COMMAND, TINY, Harness

STATUSES = "select name, status from runs"
ALL = {"baseline, seed 1": "FINISHED", "no-dropout, seed 1": "FINISHED", "study tiny": "FINISHED"}
STARTUP = 120.0  # seconds
pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture
def study(study: Path) -> Path:
    study.write_text(TINY.replace("trackers: []\n", "").replace("seeds: 2", "seeds: 1"))
    return study


def statuses(database: Path) -> dict[str, str]:
    """The status of each run by its name; every run occurs once."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(STATUSES).fetchall()
    assert len(dict(rows)) == len(rows), rows
    return dict(rows)


def test_a_database_that_is_locked_for_minutes_costs_one_line_and_is_synced_later(
    study: Path, harness: Harness
) -> None:
    assert harness("run", study, "--seeds", "1").returncode == 0
    study.write_text(study.read_text().replace("{dropout: 0.1}", "{dropout: 0.2}"))
    database = study.parent / "results" / "mlflow.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as locking:
        locking.execute("begin exclusive")
        start = time.monotonic()
        ran = harness("run", study)
        assert ran.returncode == 0, ran.stderr
        assert time.monotonic() - start < 150
        assert "Does a tiny model need its dropout?" in ran.stdout
        warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning: ")]
        assert len(warnings) == 1, warnings
        assert warnings[0].startswith("warning: tracker mlflow: ")
    assert harness("sync", study).returncode == 0
    with closing(sqlite3.connect(database)) as connection:
        ended = [status for _, status in connection.execute(STATUSES)]
    assert ended == ["FINISHED"] * 4  # the baseline before and after, the variant, the study


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(folder: Path, *, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's own server of a database in a folder, killed at the end if it is not yet."""
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'far.db'}"]
    command += ["--artifacts-destination", str(folder / "far")]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            deadline = time.monotonic() + STARTUP
            while time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield process
        finally:
            os.killpg(process.pid, 9)


def wait_until_running(database: Path) -> None:
    deadline = time.monotonic() + STARTUP
    while "RUNNING" not in statuses(database).values():
        assert time.monotonic() < deadline, "no run was shown"
        time.sleep(0.2)


def test_a_server_that_dies_midway_and_comes_back_lacks_nothing_in_the_end(
    study: Path, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.write_text(study.read_text().replace("updates: 12", "updates: 1500"))
    port, folder = free_port(), study.parent
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    with server(folder, port=port):
        running = subprocess.Popen(
            [*COMMAND, "run", str(study), "--jobs", "1"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until_running(folder / "far.db")
    time.sleep(6)  # an export or two while nobody answers
    with server(folder, port=port):
        said, warned = running.communicate(timeout=400)
        assert running.returncode == 0, warned
        assert "Does a tiny model need its dropout?" in said
        synced = harness("sync", study)
        assert (synced.returncode, synced.stderr) == (0, "")
        assert statuses(folder / "far.db") == ALL
        with closing(sqlite3.connect(folder / "far.db")) as connection:
            twice = "select count(*) from metrics group by run_uuid, key, step having count(*) > 1"
            assert connection.execute(twice).fetchall() == []
