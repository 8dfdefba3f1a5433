"""Runs on a real Ray cluster of this machine, and what is said where there is none."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import study_elsewhere as elsewhere
from support.live_study import until

from harness.errors import HarnessError
from harness.testing import check_executor
from harness_executors.ray import Ray

pytestmark = pytest.mark.timeout(600)  # each starts several processes that load torch
BY_RAY = "{ray: {cpus: 1}}"
ENVIRONMENT = {
    "PYTHONPATH": elsewhere.PYTHONPATH,
    "RAY_AUTH_TOKEN": secrets.token_hex(16),  # else it writes one to the home
    "RAY_USAGE_STATS_ENABLED": "0",
    # How soon a lost machine, and a lost head, are given up; by default 15 and 60 seconds.
    "RAY_health_check_period_ms": "1000",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "8",
}


@contextmanager
def machines() -> Iterator[Any]:
    """A cluster of two machines with a processor each, which outlives the coordinators."""
    pytest.importorskip("ray", reason="ray is not here: pip install ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        try:
            cluster.add_node(num_cpus=1)
            patch.setenv("RAY_ADDRESS", cluster.address)
            yield cluster
        finally:
            cluster.shutdown()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with machines() as cluster:
        yield cluster
        import ray

        ray.shutdown()


def daemon(node: Any, name: str) -> int:
    """The process of one of a machine's daemons."""
    process: int = node.all_processes[name][0].process.pid
    return process


@pytest.mark.executors
@pytest.mark.filterwarnings("ignore::FutureWarning:ray", "ignore::ResourceWarning")
def test_it_keeps_to_the_contract_of_executors(cluster: Any) -> None:
    check_executor(Ray())


@pytest.mark.executors
@pytest.mark.filterwarnings("ignore::FutureWarning:ray", "ignore::ResourceWarning")
def test_its_capacity_is_the_room_in_the_cluster_up_to_what_was_asked_for(cluster: Any) -> None:
    def capacity(asked: int | None, **options: float) -> int:
        executor = Ray(**options)
        return executor.build(jobs=executor.at_once(asked, device="cpu")).capacity

    assert (capacity(None), capacity(1), capacity(9)) == (2, 1, 2)
    assert (capacity(None, cpus=0.25), capacity(None, cpus=2)) == (8, 1)
    assert capacity(None, gpus=0.5) == 1, "a machine with GPUs may still come"


@pytest.mark.executors
def test_a_hundred_runs_come_through_the_loss_of_a_run_a_machine_and_the_coordinator(
    cluster: Any, tmp_path: Path
) -> None:
    study = elsewhere.hundred_runs(tmp_path, executor=BY_RAY)
    ledger = elsewhere.ledger_of(study)
    with elsewhere.coordinator(study) as process:
        until(lambda: elsewhere.finished(ledger) >= 10, seconds=200)
        elsewhere.kill(elsewhere.under_way(ledger, after=-1)[1])
        until(lambda: elsewhere.finished(ledger) >= 20, seconds=200)
        lost = cluster.list_all_nodes()[-1]
        elsewhere.kill(daemon(lost, "raylet"))
        cluster.remove_node(lost)
        cluster.add_node(num_cpus=1)
        until(lambda: elsewhere.finished(ledger) >= 40, seconds=200)
        process.kill()
    assert elsewhere.finished(ledger) < 100
    elsewhere.carry_out(study)
    assert elsewhere.finished(ledger) == 100
    assert elsewhere.trained_once(ledger, updates=3)


@pytest.mark.executors
def test_a_killed_run_goes_on_from_its_checkpoint_whatever_else_is_killed(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    undisturbed = elsewhere.long_runs(here, executor="local")
    elsewhere.carry_out(undisturbed)
    study = elsewhere.long_runs(there, executor=BY_RAY)
    ledger = elsewhere.ledger_of(study)
    with machines() as cluster:
        with elsewhere.coordinator(study) as process:
            elsewhere.kill(elsewhere.under_way(ledger, after=60)[1])
            _, worker = elsewhere.under_way(ledger, after=120)
            elsewhere.kill(elsewhere.parent(elsewhere.parent(worker)))  # the task's own process
            elsewhere.under_way(ledger, after=180)
            process.kill()
        until(lambda: elsewhere.idle(ledger), seconds=20)
        with elsewhere.coordinator(study) as process:
            run, _ = elsewhere.under_way(ledger, after=240)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
            assert elsewhere.idle(ledger), "it leaves nothing on the cluster"
        assert (run / "checkpoint.pt").exists()
        with elsewhere.coordinator(study) as process:
            elsewhere.under_way(ledger, after=300)
            elsewhere.kill(daemon(cluster.head_node, "gcs_server"))
            process.communicate(timeout=60)
            assert process.returncode == 1
    with machines():
        elsewhere.carry_out(study)
    assert any(outcome and outcome.resumed_after for outcome in elsewhere.outcomes(ledger))
    # Two processes at once would have written their measurements twice.
    assert elsewhere.bits(ledger) == elsewhere.bits(elsewhere.ledger_of(undisturbed))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    jobs = Ray().build(jobs=1)
    with pytest.raises(HarnessError, match=r"pip install 'transformer-harness\[ray\]'"):
        jobs.submit(Path("run"))


@pytest.mark.parametrize("options", [{"cpus": 1.5}, {"gpus": 2.5}])
def test_shares_above_one_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 1 must be a whole number"):
        Ray(**options)


def command(*words: object) -> subprocess.CompletedProcess[str]:
    module = [sys.executable, "-P", "-m", "harness.runs.worker"]
    return subprocess.run([*module, *map(str, words)], capture_output=True, text=True, check=False)


@pytest.mark.executors
def test_the_command_of_a_run_writes_its_fault_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", elsewhere.PYTHONPATH)
    done = command(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert (tmp_path / "log.txt").read_text() == (
        f"{tmp_path}/where.json: missing or damaged; `harness run` its study again\n"
    )
    for words in ((), (tmp_path / "absent",)):
        done = command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: python -m harness.runs.worker PATH")
