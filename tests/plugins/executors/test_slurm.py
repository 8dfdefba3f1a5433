"""Runs on a real Slurm of this machine, and what is said where there is none."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import slurm_machine
from support import study_elsewhere as elsewhere
from support.live_study import until
from support.slurm_machine import Machine, asked

from harness.errors import HarnessError
from harness.testing import check_executor
from harness_executors.slurm import Slurm

pytestmark = pytest.mark.timeout(600)  # each starts several processes that load torch
BY_SLURM = "{slurm: {partition: main, time: 60}}"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machine]:
    pytest.importorskip("submitit", reason="submitit is not here: pip install submitit")
    if reason := slurm_machine.missing():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", elsewhere.PYTHONPATH)
        with slurm_machine.running() as machine:
            yield machine


@pytest.fixture
def empty(cluster: Machine) -> Iterator[Machine]:
    """The cluster without a job, also after a test that fails."""
    yield cluster
    asked("scancel", "--me")
    until(lambda: not asked("squeue", "--noheader"))


def running_job() -> str:
    """A job that is carried out now."""
    jobs: list[str] = []

    def seen() -> bool:
        command = ("squeue", "--array", "--noheader", "--states=R", "--format=%i")
        jobs[:] = asked(*command).split()
        return bool(jobs)

    until(seen)
    return jobs[0]


@pytest.mark.executors
def test_it_keeps_to_the_contract_of_executors(cluster: Machine) -> None:
    check_executor(Slurm())


@pytest.mark.executors
def test_a_hundred_runs_come_through_the_loss_of_a_run_a_daemon_and_the_coordinator(
    empty: Machine, tmp_path: Path
) -> None:
    study = elsewhere.hundred_runs(tmp_path, executor=BY_SLURM)
    ledger = elsewhere.ledger_of(study)
    with elsewhere.coordinator(study) as process:
        until(lambda: elsewhere.finished(ledger) >= 10, seconds=200)
        elsewhere.kill(elsewhere.under_way(ledger, after=-1)[1])
        until(lambda: elsewhere.finished(ledger) >= 20, seconds=200)
        empty.kill("slurmd")
        empty.start("slurmd", "-D")
        until(lambda: elsewhere.finished(ledger) >= 30, seconds=200)
        process.kill()
    before = elsewhere.finished(ledger)
    until(lambda: elsewhere.finished(ledger) > before + 1, seconds=200)  # without a coordinator
    assert elsewhere.finished(ledger) < 100
    elsewhere.carry_out(study)
    assert elsewhere.finished(ledger) == 100
    assert elsewhere.trained_once(ledger, updates=3)
    # The second coordinator has removed its own; runs that ended while there was none left theirs.
    assert len([path for path in (tmp_path / "results" / "slurm").glob("*") if path.is_dir()]) <= 1


@pytest.mark.executors
def test_a_job_that_is_stopped_goes_on_from_its_checkpoint_whoever_stops_it(
    empty: Machine, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    undisturbed = elsewhere.long_runs(here, executor="local")
    elsewhere.carry_out(undisturbed)
    study = elsewhere.long_runs(there, executor=BY_SLURM)
    ledger = elsewhere.ledger_of(study)
    with elsewhere.coordinator(study) as process:
        elsewhere.under_way(ledger, after=60)
        asked("scontrol", "requeue", running_job())  # as when it is preempted
        elsewhere.under_way(ledger, after=120)
        asked("scancel", "--signal=USR2", running_job())  # as when its time is nearly over
        elsewhere.under_way(ledger, after=180)
        asked("scancel", running_job())
        run, _ = elsewhere.under_way(ledger, after=240)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
    assert elsewhere.idle(ledger), "it leaves nothing on the cluster"
    assert (run / "checkpoint.pt").exists()
    elsewhere.carry_out(study)
    assert any(outcome and outcome.resumed_after for outcome in elsewhere.outcomes(ledger))
    # Two processes at once would have written their measurements twice.
    assert elsewhere.bits(ledger) == elsewhere.bits(elsewhere.ledger_of(undisturbed))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(HarnessError, match=r"pip install 'transformer-harness\[slurm\]'"):
        Slurm().build(jobs=1).submit(Path("run"))


def test_where_there_is_no_slurm_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit", reason="submitit is not here: pip install submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(HarnessError, match="executor slurm: no sbatch on this machine"):
        Slurm().build(jobs=1).submit(Path("run"))


def test_commands_without_a_cluster_are_said_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("submitit", reason="submitit is not here: pip install submitit")
    if reason := slurm_machine.missing():
        pytest.skip(reason)
    (tmp_path / "slurm.conf").write_text("Nonsense=1\n")
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    with pytest.raises(HarnessError, match=r"executor slurm: no answer \(.+\); start the study on"):
        Slurm().build(jobs=1).submit(tmp_path / "runs" / "run")


@pytest.mark.executors
def test_a_partition_that_is_not_there_is_said_in_a_line(cluster: Machine, tmp_path: Path) -> None:
    jobs = Slurm(partition="gpus").build(jobs=1)
    jobs.submit(tmp_path / "runs" / "run")
    with pytest.raises(HarnessError, match="executor slurm: .*Invalid partition name specified"):
        list(jobs.poll())
