"""Studies whose variants start from trained runs, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from support.pretraining_study import ADAPTING
from support.tiny_study import COMMAND, Harness

from harness.pipeline import open_study


@pytest.fixture
def adapting(tmp_path: Path) -> Path:
    path = tmp_path / "adapting.yaml"
    path.write_text(ADAPTING)
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


FAILING = '''
from dataclasses import dataclass

from harness.components import Loss
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Fragile(Loss):
    """Breaks."""

    name = "fragile"

    def build(self, setting):
        raise RuntimeError("this loss cannot be borne")


@hookimpl
def harness_losses():
    return [Fragile]
'''


def test_a_start_that_fails_is_named_with_all_that_needs_it(
    adapting: Path, harness: Harness
) -> None:
    (adapting.parent / "fragile.py").write_text(FAILING)
    edit(adapting, "averaging: {ema: 0.5}", "loss: fragile")
    edit(adapting, "slower: {", "slower: {starts_from: off, ")
    adapting.write_text(adapting.read_text() + "plugins: [./fragile.py]\n")
    ran = harness("run", adapting)
    assert ran.returncode == 1
    said = [line for line in ran.stdout.splitlines() if line.startswith("failed: ")]
    assert len(said) == 3
    assert said[0].startswith("failed: start general, seed 1: ")
    assert "this loss cannot be borne" in said[0]
    assert said[1:] == [
        f"failed: {name}, seed 1: its start general failed" for name in ("baseline", "no-dropout")
    ]
    assert "slower, seed 1: finished" in ran.stderr
    plan = json.loads(harness("plan", adapting, "--json").stdout)["runs"]
    assert [(run["variant"], run["start"], run["why"]) for run in plan[1:]] == [
        ("baseline", False, "failed before: its start general failed"),
        ("no-dropout", False, "failed before: its start general failed"),
        ("slower", False, "exists"),
    ]
    assert plan[0]["start"]
    assert plan[1]["needs"] == [plan[0]["digest"]]
    report = (adapting.parent / "results" / "adapting" / "report.md").read_text()
    assert "general was trained first, once per seed, for 4 updates" in report
    assert "baseline and no-dropout start from it" in report


def whys(study: Path, out: str) -> list[str]:
    return [run.why for run in open_study(study, out=study.parent / out, seeds=None).plan]


def kill_at_a_checkpoint(study: Path, out: str, *, finished: int) -> None:
    """Kill the whole study once a run has a checkpoint and a number of others have ended."""
    process = subprocess.Popen(
        [*COMMAND, "run", str(study), "--out", out, "--jobs", "1"],
        cwd=study.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    runs = study.parent / out / "runs"
    deadline = time.monotonic() + 100
    while not (
        len(list(runs.glob("*/outcome.json"))) == finished and list(runs.glob("*/checkpoint.pt"))
    ):
        assert time.monotonic() < deadline, "no checkpoint was written"
        assert process.poll() is None, "the study ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_start_and_a_killed_variant_go_on_to_the_same_bits_whatever_the_jobs(
    adapting: Path, harness: Harness
) -> None:
    edit(adapting, "  no-dropout: {regularizers: {dropout: off}}\n", "")
    edit(adapting, "updates: 4, ", "updates: 150, ")
    edit(adapting, "evaluate_every: 2", "evaluate_every: 10")
    assert harness("run", adapting, "--out", "whole", "--jobs", "2").returncode == 0
    kill_at_a_checkpoint(adapting, "broken", finished=0)
    start, first, _ = whys(adapting, "broken")
    assert start.startswith("interrupted at update")
    assert first == "new"
    kill_at_a_checkpoint(adapting, "broken", finished=1)
    start, first, _ = whys(adapting, "broken")
    assert start == "exists"
    assert first.startswith("interrupted at update")
    assert harness("run", adapting, "--out", "broken", "--jobs", "1").returncode == 0

    whole, broken = (adapting.parent / out / "runs" for out in ("whole", "broken"))
    digests = sorted(path.name for path in whole.iterdir())
    assert len(digests) == 3
    assert digests == sorted(path.name for path in broken.iterdir())
    resumed = 0
    for digest in digests:
        ours, theirs = (
            torch.load(root / digest / "weights.pt", weights_only=True) for root in (whole, broken)
        )
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        measured = [(root / digest / "measurements.jsonl").read_bytes() for root in (whole, broken)]
        assert measured[0] == measured[1]
        resumed += json.loads((broken / digest / "outcome.json").read_text())["resumed_after"] > 0
    assert resumed == 2
