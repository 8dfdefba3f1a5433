from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.live_study import until

from harness_executors.local import Local, LocalJobs


@pytest.fixture
def jobs() -> Iterator[LocalJobs]:
    built = Local().build(jobs=2)
    assert isinstance(built, LocalJobs)
    yield built
    built.cancel()


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the folder of a run that nothing describes, so that its process fails at once."""

    def make(name: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        return path

    return make


def waiting(path: Path) -> Path:
    """The run, whose process waits for its description until somebody writes to a pipe."""
    os.mkfifo(path / "where.json")
    return path


def ended(jobs: LocalJobs, *, count: int) -> dict[Path, int]:
    statuses: dict[Path, int] = {}

    def all_ended() -> bool:
        statuses.update(jobs.poll())
        return len(statuses) == count

    until(all_ended)
    return statuses


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_its_capacity_is_the_number_of_jobs() -> None:
    assert [Local().build(jobs=jobs).capacity for jobs in (1, 3)] == [1, 3]


def test_runs_side_by_side_have_each_their_own_status_and_log(
    jobs: LocalJobs, run: Callable[[str], Path]
) -> None:
    failing, killed = run("failing"), waiting(run("killed"))
    assert jobs.logs(failing) == ""
    jobs.submit(killed)
    jobs.submit(failing)
    assert ended(jobs, count=1) == {failing: 1}
    assert jobs.logs(failing).splitlines() == [
        f"{failing}/where.json: missing or damaged; `harness run` its study again"
    ]
    os.kill(jobs._processes[killed].pid or 0, signal.SIGKILL)
    assert ended(jobs, count=1) == {killed: -signal.SIGKILL}
    assert jobs.logs(killed) == ""


def test_a_run_that_is_submitted_again_keeps_its_log(
    jobs: LocalJobs, run: Callable[[str], Path]
) -> None:
    path = run("again")
    (path / "log.txt").write_bytes(b"half a line \xff\n")
    jobs.submit(path)
    assert ended(jobs, count=1) == {path: 1}
    first, last = jobs.logs(path).splitlines()
    assert first == "half a line \ufffd"
    assert last.startswith(f"{path}/where.json: missing")


def test_an_error_that_is_no_fault_of_the_user_ends_the_log_after_its_traceback(
    jobs: LocalJobs, run: Callable[[str], Path]
) -> None:
    path = run("unreadable")
    (path / "where.json").mkdir()
    jobs.submit(path)
    assert ended(jobs, count=1) == {path: 1}
    lines = jobs.logs(path).splitlines()
    assert "Traceback (most recent call last):" in lines
    assert lines[-1].startswith("IsADirectoryError:")


def test_cancel_leaves_no_process_and_nothing_to_report(
    jobs: LocalJobs, run: Callable[[str], Path]
) -> None:
    paths = [waiting(run(name)) for name in ("one", "other")]
    for path in paths:
        jobs.submit(path)
    pids = [jobs._processes[path].pid or 0 for path in paths]
    until(lambda: all((path / "log.txt").exists() for path in paths))
    assert list(jobs.poll()) == []
    jobs.cancel()
    assert [is_there(pid) for pid in pids] == [False, False]
    assert list(jobs.poll()) == []
