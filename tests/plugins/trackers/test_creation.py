"""A database whose creation is interrupted: whole or absent, or made again if half is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.mlflow_ledger import contents, fresh

from harness_trackers.mlflow.creation import ensure_database, is_unfinished

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def first_migrations(path: Path) -> None:
    """What an interrupted creation leaves: some tables, an early version, and no row."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table experiments (experiment_id integer primary key, name text)")
        database.execute("create table alembic_version (version_num text)")
        database.execute("insert into alembic_version values ('451aebb31d03')")
        database.commit()


def test_a_half_made_database_is_made_again_from_the_ledger_and_said(
    tmp_path: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    bench = fresh(out, database=database)
    bench.go(until=2)
    half = out / "mlflow.db"
    half.unlink()
    first_migrations(half)
    bench.sync()
    assert "its creation was interrupted; made again" in capsys.readouterr().err
    assert set(contents(bench.uri))
    assert not is_unfinished(half)
    assert not list(out.glob(".mlflow.db.*"))


def test_a_complete_database_is_left_as_it_is(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "mlflow.db"
    shutil.copy(database, path)
    before = path.read_bytes()
    ensure_database(path, create=lambda _: pytest.fail("nothing is to be made"))
    assert path.read_bytes() == before


def test_what_is_no_database_or_is_locked_is_not_replaced(tmp_path: Path, database: Path) -> None:
    other = tmp_path / "notes.db"
    other.write_text("not a database, " * 100)
    assert not is_unfinished(other)
    path = tmp_path / "mlflow.db"
    shutil.copy(database, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as locking:
        locking.execute("begin exclusive")
        assert not is_unfinished(path)


def test_of_two_that_create_it_at_once_the_first_is_kept(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "mlflow.db"

    def create(partial: Path) -> None:
        shutil.copy(database, partial)
        shutil.copy(database, path)  # the other process is done before this one
        with closing(sqlite3.connect(path)) as first:
            first.execute("update experiments set name = 'first'")
            first.commit()

    ensure_database(path, create=create)
    with closing(sqlite3.connect(path)) as kept:
        assert kept.execute("select name from experiments").fetchall() == [("first",)]
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_failed_creation_leaves_nothing_and_leftovers_of_killed_ones_are_removed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mlflow.db"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".mlflow.db.{gone.pid}-journal").write_text("left")

    def create(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device", str(partial))

    with pytest.raises(OSError, match="No space left"):
        ensure_database(path, create=create)
    assert list(tmp_path.iterdir()) == []


CREATE = """
import sys
from pathlib import Path
from harness_trackers.mlflow.store import Store
Store("sqlite:///mlflow.db", experiment="e", artifacts=Path("a"))
"""


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_creation_killed_at_any_moment_leaves_no_half_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CREATE]
    start = time.monotonic()
    subprocess.run(command, cwd=tmp_path, check=True)
    whole = time.monotonic() - start
    chance = random.Random(1)
    database, complete = tmp_path / "mlflow.db", 0
    for _ in range(10):
        database.unlink(missing_ok=True)
        with subprocess.Popen(command, cwd=tmp_path, start_new_session=True) as process:
            time.sleep(chance.uniform(0.3, 1.0) * whole)
            os.killpg(process.pid, signal.SIGKILL)
        complete += database.exists()
        assert not database.exists() or not is_unfinished(database)
    assert complete < 10, "every kill came too late"
    database.unlink(missing_ok=True)
    subprocess.run(command, cwd=tmp_path, check=True)
    assert not is_unfinished(database)
    assert not list(tmp_path.glob(".mlflow.db.*"))
