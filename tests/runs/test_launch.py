"""Runs of several processes: one digest, the same files, and an end that leaves none of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.finished_run import requested
from support.live_study import going_on, processes, until
from support.tiny_experiment import planned
from support.tiny_study import TINY

from harness.runs import worker
from harness.runs.admission import admitted
from harness.runs.launch import ranks_to_start
from harness.runs.planned_run import PlannedRun

BUDGET = "budget: {updates: 12, batch_tokens: 200, evaluate_every: 4"
# The last turn of two ranks, and the second of four, is not full.
WINDOW = TINY.replace(BUDGET, f"{BUDGET}, accumulation: 5")


def of_ranks(count: int, *, exact: bool = True) -> str:
    parallel = f"parallel: {{data: {count}, exact: {json.dumps(exact)}}}"
    return WINDOW.replace("accumulation: 5", f"accumulation: 5, {parallel}")


def run_on(folder: Path, *, text: str, ranks: int) -> Path:
    """Request the first run of a study for so many ranks; its folder."""
    folder.mkdir(exist_ok=True)
    path = requested(folder, text=text)
    location = json.loads((path / "where.json").read_text())
    del location["sha256"]
    (path / "where.json").write_text(json.dumps({**location, "ranks": ranks}))
    return path


def alone_in_this_process(path: Path) -> Path:
    before = torch.are_deterministic_algorithms_enabled()
    worker.perform(path)
    torch.use_deterministic_algorithms(before)
    return path


def carried_out(path: Path) -> Path:
    command = [sys.executable, "-P", "-m", "harness.runs.worker", str(path)]
    process = subprocess.run(command, check=False)
    assert process.returncode == 0, (path / "log.txt").read_text()
    return path


def bits(path: Path) -> tuple[bytes, ...]:
    names = ("measurements.jsonl", "weights.pt", "evaluations/*/hypotheses.jsonl")
    return tuple(file.read_bytes() for name in names for file in sorted(path.glob(name)))


def test_a_run_of_two_processes_is_the_run_of_one(tmp_path: Path) -> None:
    alone = alone_in_this_process(run_on(tmp_path / "alone", text=WINDOW, ranks=1))
    together = carried_out(run_on(tmp_path / "together", text=of_ranks(2), ranks=2))
    assert together.name == alone.name
    assert bits(together) == bits(alone)
    assert (together / "log.txt").read_text() == ""
    assert ranks_to_start(together) == 1


def test_the_number_of_processes_is_where_it_belongs(tmp_path: Path) -> None:
    exact = run_on(tmp_path / "exact", text=of_ranks(4), ranks=3)
    assert "parallel" not in json.loads((exact / "run.json").read_text())["experiment"]["budget"]
    assert ranks_to_start(exact) == 3
    # Part of the run, so that nothing else may say another number.
    inexact = run_on(tmp_path / "inexact", text=of_ranks(4, exact=False), ranks=1)
    assert inexact.name != exact.name
    assert ranks_to_start(inexact) == 4


@pytest.mark.parametrize(
    ("running", "waiting", "capacity", "expected"),
    [
        ([], [1, 1, 1], 2, 2),
        ([2], [2, 1], 4, 1),
        ([1], [1, 4, 1], 4, 1),  # the last may not pass the one before
        ([], [8, 1], 4, 1),  # more than there is room for: alone
        ([1], [8, 1], 4, 0),
        ([4], [1], 4, 0),
    ],
)
def test_every_process_of_a_run_takes_a_place(
    running: list[int], waiting: list[int], capacity: int, expected: int
) -> None:
    def runs(numbers: list[int]) -> list[list[PlannedRun]]:
        return [[replace(planned("any"), ranks=ranks)] for ranks in numbers]

    ready = {f"run {place}": same for place, same in enumerate(runs(waiting))}
    begun = admitted(ready, running=runs(running), capacity=capacity)
    assert begun == [*ready][:expected]


def ranks_of(study: Path) -> dict[int, int]:
    """The ranks of a study that is going on, with their processes."""
    ranks = {}
    for pid in processes(study):
        with suppress(OSError):
            environment = (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
            ranks |= {int(line[5:]): pid for line in environment if line.startswith(b"RANK=")}
    return ranks


def updates(study: Path) -> int:
    files = (study.parent / "results").glob("runs/*/measurements.jsonl")
    return max((file.read_bytes().count(b"\n") for file in files), default=0)


LONG = WINDOW.replace("updates: 12", "updates: 150").replace("every: 4", "every: 25")


def long_of(count: int) -> str:
    return LONG.replace("accumulation: 5", f"accumulation: 5, parallel: {{data: {count}}}")


@pytest.mark.signals
@pytest.mark.timeout(300)
def test_interrupted_killed_and_resumed_by_other_numbers_of_ranks_it_has_the_same_bits(
    tmp_path: Path,
) -> None:
    alone = alone_in_this_process(run_on(tmp_path / "alone", text=LONG, ranks=1))
    study = tmp_path / "tiny.yaml"
    study.write_text(long_of(2))
    with going_on(study, "--jobs", "2") as process:
        until(lambda: updates(study) > 20)
        assert len(ranks_of(study)) == 2
        process.send_signal(signal.SIGTERM)
        took = until(lambda: process.poll() is not None and not processes(study))
        assert took < 5
    (log,) = (tmp_path / "results").glob("runs/*/log.txt")
    assert log.read_text().startswith("stopped after update ")
    done = updates(study)
    assert (log.parent / "checkpoint.pt").exists()
    study.write_text(long_of(4))
    with going_on(study, "--jobs", "4") as process:
        until(lambda: updates(study) > done + 30)  # an evaluation, with a checkpoint, is among them
        victim = ranks_of(study)[2]
        os.kill(victim, signal.SIGKILL)
        output, _ = process.communicate(timeout=60)
    assert f"rank 2 of 4 (process {victim}) was killed by SIGKILL, possibly out of memory" in output
    assert not processes(study)
    study.write_text(LONG)
    with going_on(study) as process:
        process.communicate(timeout=200)
    assert (log.parent / "outcome.json").exists()
    resumed = json.loads((log.parent / "outcome.json").read_text())["resumed_after"]
    assert resumed >= 25
    assert log.parent.name == alone.name
    assert bits(log.parent) == bits(alone)


@pytest.mark.signals
@pytest.mark.parametrize("killed", ["launcher", "guard"])
def test_no_rank_outlives_the_process_that_started_it(tmp_path: Path, killed: str) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(long_of(2).replace("updates: 150", "updates: 100000"))
    with going_on(study, "--jobs", "2"):
        until(lambda: updates(study) > 5)
        victim = parent(ranks_of(study)[0])
        victim = parent(victim) if killed == "guard" else victim
        ranks = ranks_of(study).values()
        os.kill(victim, signal.SIGKILL)
        assert until(lambda: not {*ranks} & {*processes(study)}) < 2
        time.sleep(0.1)


def parent(pid: int) -> int:
    stat = (Path("/proc") / str(pid) / "stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])
