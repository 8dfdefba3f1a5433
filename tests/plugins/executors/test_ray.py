"""Runs on a real Ray cluster of this machine, and what is said where there is none."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.live_study import until
from support.tiny_study import COMMAND, TINY

from harness.errors import HarnessError
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger
from harness.runs.lock import holder
from harness.testing import check_executor
from harness_executors.ray import Ray

pytestmark = pytest.mark.timeout(300)  # each starts several processes that load torch
ROOT = Path(__file__).parents[3]
# Long enough to be killed in the middle, a checkpoint every 20 updates.
LONG = TINY.replace("updates: 12, batch_tokens: 200, evaluate_every: 4", "@").replace(
    "@", "updates: 500, batch_tokens: 200, evaluate_every: 20"
)
Bits = dict[str, tuple[bytes, bytes]]  # weights and measurements by run
BY_RAY = "executor: {ray: {cpus: 1}}\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster with two processors, which outlives the coordinators."""
    ray = pytest.importorskip("ray", reason="ray is not here: pip install ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'plugins'}")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(16))  # else it writes one to the home
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        context = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        patch.setenv("RAY_ADDRESS", context.address_info["address"])
        yield context.address_info["address"]
        ray.shutdown()


@contextmanager
def coordinator(study: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "run", str(study), "--out", str(study.parent / "results")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def carried_out(study: Path) -> Ledger:
    """The ledger of a study that ends without a failure."""
    with coordinator(study) as process:
        output, _ = process.communicate(timeout=250)
        assert process.returncode == 0, output
    return Ledger(study.parent / "results" / "runs")


def bits(ledger: Ledger) -> Bits:
    """The weights and the measurements of every run."""
    return {
        run.name: ((run / WEIGHTS).read_bytes(), (run / MEASUREMENTS).read_bytes())
        for run in ledger.root.iterdir()
    }


def long_study(folder: Path, *, seeds: int = 1) -> Path:
    path = folder / "study.yaml"
    path.write_text(LONG.replace("seeds: 2", f"seeds: {seeds}") + BY_RAY)
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Bits:
    """Four long runs, carried out by processes of this machine that nobody kills."""
    study = tmp_path_factory.mktemp("local") / "study.yaml"
    study.write_text(LONG)
    return bits(carried_out(study))


def under_way(ledger: Ledger) -> Path:
    """A run of the long study that has a checkpoint to resume from, and far to go."""
    found: list[Path] = []

    def one() -> bool:
        found[:] = [
            run
            for run in ledger.root.glob("*")
            if holder(run) and 60 <= ledger.updates(run.name) <= 250
        ]
        return bool(found)

    until(one)
    return found[0]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.executors
def test_a_study_on_ray_has_the_bits_of_one_on_this_machine(
    cluster: str, undisturbed: Bits, tmp_path: Path
) -> None:
    on_ray = bits(carried_out(long_study(tmp_path, seeds=2)))
    assert len(on_ray) == 4
    assert on_ray == undisturbed


@pytest.mark.executors
@pytest.mark.parametrize("generations", [0, 2], ids=["run", "task of Ray"])
def test_a_run_that_is_killed_goes_on_from_its_checkpoint(
    generations: int,
    cluster: str,
    undisturbed: Bits,
    tmp_path: Path,
) -> None:
    study = long_study(tmp_path)
    ledger = Ledger(tmp_path / "results" / "runs")
    with coordinator(study) as process:
        run = under_way(ledger)
        held = holder(run)
        assert held
        assert held.pid
        victim = held.pid
        for _ in range(generations):
            victim = parent(victim)
        os.kill(victim, signal.SIGKILL)
        output, _ = process.communicate(timeout=250)
        assert process.returncode == 0, output
    outcome = ledger.outcome(run.name)
    assert outcome
    assert outcome.resumed_after
    # Two processes at once would have written their measurements twice.
    assert bits(ledger).items() <= undisturbed.items()


@pytest.mark.executors
def test_a_coordinator_that_is_killed_comes_back_and_goes_on(
    cluster: str, undisturbed: Bits, tmp_path: Path
) -> None:
    study = long_study(tmp_path)
    ledger = Ledger(tmp_path / "results" / "runs")
    with coordinator(study) as process:
        run = under_way(ledger)
        process.kill()
    until(lambda: not any(holder(path) for path in ledger.root.iterdir()), seconds=20)
    assert ledger.outcome(run.name) is None
    assert bits(carried_out(study)).items() <= undisturbed.items()
    outcome = ledger.outcome(run.name)
    assert outcome
    assert outcome.resumed_after


@pytest.mark.executors
def test_an_interrupted_study_leaves_nothing_on_the_cluster(cluster: str, tmp_path: Path) -> None:
    study = long_study(tmp_path)
    ledger = Ledger(tmp_path / "results" / "runs")
    with coordinator(study) as process:
        run = under_way(ledger)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert holder(run) is None
    assert ledger.outcome(run.name) is None
    assert (run / "checkpoint.pt").exists()


@pytest.mark.executors
@pytest.mark.filterwarnings("ignore::FutureWarning:ray", "ignore::ResourceWarning")
def test_it_keeps_to_the_contract_of_executors(cluster: str) -> None:
    check_executor(Ray())


@pytest.mark.executors
@pytest.mark.filterwarnings("ignore::FutureWarning:ray", "ignore::ResourceWarning")
def test_its_capacity_is_the_room_in_the_cluster_up_to_what_was_asked_for(cluster: str) -> None:
    def capacity(asked: int | None, **options: float) -> int:
        executor = Ray(**options)
        return executor.build(jobs=executor.at_once(asked, device="cpu")).capacity

    assert (capacity(None), capacity(1), capacity(9)) == (2, 1, 2)
    assert (capacity(None, cpus=0.25), capacity(None, cpus=2)) == (8, 1)
    assert capacity(None, gpus=0.5) == 1, "a machine with GPUs may still come"


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
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'plugins'}")
    done = command(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert (tmp_path / "log.txt").read_text() == (
        f"{tmp_path}/where.json: missing or damaged; `harness run` its study again\n"
    )
    for words in ((), (tmp_path / "absent",)):
        done = command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: python -m harness.runs.worker PATH")
