"""A killed study goes on and ends with the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import torch
from support.tiny_study import COMMAND, Harness


def begin(study: Path, out: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "run", str(study), "--out", out, "--jobs", "1", "--seeds", "1"],
        cwd=study.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_a_killed_study_goes_on_from_its_checkpoint_to_the_same_bits(
    study: Path, harness: Harness
) -> None:
    study.write_text(study.read_text().replace("updates: 12", "updates: 400"))
    assert harness("run", study, "--seeds", "1", "--out", "whole").returncode == 0

    process = begin(study, "broken")
    runs = study.parent / "broken" / "runs"
    deadline = time.monotonic() + 60
    while not list(runs.glob("*/checkpoint.pt")):
        assert time.monotonic() < deadline, "no checkpoint was written"
        assert process.poll() is None, "the study ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # While one is written, only the one before it is there.
    (interrupted,) = {path.parent for path in runs.glob("*/checkpoint*.pt")}
    assert not (interrupted / "outcome.json").exists()

    assert (
        "interrupted at update" in harness("plan", study, "--seeds", "1", "--out", "broken").stdout
    )
    assert harness("run", study, "--seeds", "1", "--out", "broken").returncode == 0
    whole = study.parent / "whole" / "runs" / interrupted.name
    ours, theirs = (
        torch.load(folder / "weights.pt", weights_only=True) for folder in (interrupted, whole)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    measured = (interrupted / "measurements.jsonl").read_bytes()
    assert measured == (whole / "measurements.jsonl").read_bytes()
    assert '"resumed_after": 0' not in (interrupted / "outcome.json").read_text()
