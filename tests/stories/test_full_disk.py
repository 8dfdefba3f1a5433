"""A disk that is full while runs train, or that may only be read: what is there stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tiny_study import COMMAND, TINY, Harness

from harness.files import sha256

MEGABYTES = 20
# A checkpoint of this model takes 11 MB, and two are kept: there is room for one.
LARGE = (
    TINY.replace("d_model: 16, d_ff: 32", "d_model: 160, d_ff: 700")
    .replace("seeds: 2", "seeds: [1]")
    .replace("updates: 12", "updates: 24")
    .replace("  no-dropout: {regularizers: {dropout: off}}", "  again: {replicate: 1}")
)


def mount(folder: Path, *, options: str) -> None:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)


NOT_COPIED = (
    "tracker mlflow: results: may only be read; make it writable, or sync a copy of the results\n"
)


def tracked(study: Path) -> None:
    """Let a study be copied to MLflow, which is no part of what its runs are."""
    study.write_text(TINY.replace("trackers: []\n", ""))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A results folder of its own small disk."""
    folder = tmp_path / "results"
    mount(folder, options=f"size={MEGABYTES}m")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def trained(results: Path) -> dict[str, dict[str, str | None]]:
    """The digests of what training leaves, by run."""
    names, runs = ("weights.pt", "measurements.jsonl"), (results / "runs").iterdir()
    return {run.name: {name: sha256(run / name) for name in names} for run in runs}


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_leaves_the_last_checkpoint_and_is_resumed_to_the_bit(
    tmp_path: Path, disk: Path, harness: Harness
) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(LARGE)
    full = harness("run", study, "--jobs", "1")
    assert full.returncode == 1, full.stderr
    failed = [line for line in full.stdout.splitlines() if line.startswith("failed: ")]
    assert len(failed) == 2, full.stdout
    for line in failed:
        assert "No space left on device: 'results/runs/" in line
    assert list(disk.glob("runs/*/checkpoint*.pt")), "the last good checkpoint is gone"

    subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
    resumed = harness("run", study, "--jobs", "1")
    assert resumed.returncode == 0, resumed.stdout
    records = [path.read_text() for path in disk.glob("runs/*/outcome.json")]
    assert any('"resumed_after": 0' not in record for record in records)

    assert harness("run", study, "--jobs", "1", "--out", "elsewhere").returncode == 0
    assert trained(disk) == trained(tmp_path / "elsewhere")


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_results_that_may_only_be_read_are_read_and_what_writes_is_one_line(
    tmp_path: Path, disk: Path, harness: Harness
) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(TINY)
    assert harness("run", study).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for command in ("plan", "export", "report"):  # of a report that is up to date
        read = harness(command, study)
        assert (read.returncode, read.stderr) == (0, "")
    written = harness("run", study)
    assert written.returncode == 2, written.stdout
    (line,) = written.stderr.splitlines()
    assert line == "results/tiny/plan.json: Read-only file system"
    tracked(study)
    synced = harness("sync", study)
    assert (synced.returncode, synced.stderr) == (1, NOT_COPIED)


# Root without the rights that make it root to files: anybody else's are read-only to it.
OTHER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", *COMMAND)
NOBODY = 65534


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root has files of other users"
)
def test_results_of_another_user_are_read_and_what_writes_is_one_line(
    tmp_path: Path, harness: Harness
) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(TINY)
    assert harness("run", study).returncode == 0
    for path in (tmp_path / "results", *(tmp_path / "results").rglob("*")):
        os.chown(path, NOBODY, NOBODY)

    def other(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OTHER, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    for command in ("plan", "export", "report"):  # of a report that is up to date
        read = other(command, str(study))
        assert (read.returncode, read.stderr) == (0, "")
    written = other("run", str(study))
    assert written.returncode == 2, written.stdout
    (line,) = written.stderr.splitlines()
    assert line == "results/tiny/plan.json: Permission denied"
    archived = other("archive", str(study), "-o", "results/a.zip")
    assert (archived.returncode, archived.stderr) == (2, "results/a.zip: Permission denied\n")
    tracked(study)
    synced = other("sync", str(study))
    assert (synced.returncode, synced.stderr) == (1, NOT_COPIED)
