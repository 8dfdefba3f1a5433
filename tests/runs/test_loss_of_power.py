"""Files that must survive a loss of power: their content and their names are on the disk in order.

Only observed, by the calls to the system: power itself cannot be cut here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from support.finished_run import planned, requested
from support.tiny_study import TINY

from harness import pipeline
from harness.files import write_atomically
from harness.runs import worker
from harness.runs.ledger import Ledger

# Of a lock and a log, nothing is read again.
NOT_KEPT = {"lock", "lease.1", "log.txt"}


class Call(NamedTuple):
    """A call to the system: what was done to which path; of a file, with its size then."""

    name: str
    path: Path
    size: int = 0
    source: Path | None = None


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Every fsync and every rename, in their order; each is carried out as well."""
    seen: list[Call] = []
    fsync: Callable[[int], None] = os.fsync

    def noting_fsync(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append(Call("fsync", path, os.fstat(descriptor).st_size))

    def noting(rename: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def noted(source: str, target: str) -> None:
            rename(source, target)
            seen.append(Call("rename", Path(target), source=Path(source)))

        return noted

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting(os.replace))
    monkeypatch.setattr(os, "rename", noting(os.rename))
    return seen


def unkept(path: Path, *, calls: list[Call]) -> str:
    """What a loss of power could take of a file, by the calls; empty for a file that is safe."""
    content = [
        place
        for place, call in enumerate(calls)
        if call.name == "fsync" and call.size == path.stat().st_size
        if call.path in {path, path.with_name(f".{path.name}.{os.getpid()}")}
    ]
    if not content:
        return f"{path.name}: the content"
    after = content[-1]
    if calls[after].path != path:
        renames = [
            place
            for place, call in enumerate(calls)
            if (call.name, call.path, call.source) == ("rename", path, calls[after].path)
        ]
        if not renames or renames[-1] < after:
            return f"{path.name}: renamed before its content was there"
        after = renames[-1]
    kept = any(call.name == "fsync" and call.path == path.parent for call in calls[after:])
    return "" if kept else f"{path.name}: the name"


def moments(path: Path, *, calls: list[Call]) -> list[int]:
    """The places of the calls that gave a file its name."""
    return [n for n, call in enumerate(calls) if (call.name, call.path) == ("rename", path)]


def test_a_file_is_written_before_it_is_renamed_and_then_its_folder(
    tmp_path: Path, calls: list[Call]
) -> None:
    path, partial = tmp_path / "a.json", tmp_path / f".a.json.{os.getpid()}"
    write_atomically(path, content=b"{}\n")
    assert calls == [
        Call("fsync", partial, 3),
        Call("rename", path, source=partial),
        Call("fsync", tmp_path, tmp_path.stat().st_size),
    ]
    assert unkept(path, calls=calls) == ""
    assert unkept(path, calls=calls[1:]) == "a.json: the content"
    assert unkept(path, calls=calls[:1]) == "a.json: renamed before its content was there"
    assert unkept(path, calls=calls[:2]) == "a.json: the name"


def test_whatever_a_run_leaves_survives_and_its_measurements_before_what_relies_on_them(
    tmp_path: Path, calls: list[Call]
) -> None:
    # The last checkpoint comes before the last updates.
    run = requested(tmp_path, text=TINY.replace("evaluate_every: 4", "evaluate_every: 5"))
    before = torch.are_deterministic_algorithms_enabled()
    worker.perform(run)
    torch.use_deterministic_algorithms(before)
    files = [path for path in run.rglob("*") if path.is_file() and path.name not in NOT_KEPT]
    assert {"run.json", "outcome.json", "weights.pt", "hypotheses.jsonl", "measurements.jsonl"} <= {
        path.name for path in files
    }
    assert [fault for path in files if (fault := unkept(path, calls=calls))] == []
    measurements, outcome = run / "measurements.jsonl", run / "outcome.json"
    (ended,) = moments(outcome, calls=calls)
    assert unkept(measurements, calls=calls[:ended]) == ""
    # Twice, and a checkpoint without its measurements is of no use.
    written = moments(run / "checkpoint.pt", calls=calls)
    synced = [n for n, call in enumerate(calls) if call.path == measurements]
    assert len(written) == 2
    for start, end in zip([-1, *written], written, strict=False):
        assert any(start < place < end for place in synced)


def test_a_plan_that_is_frozen_and_an_inspection_survive(tmp_path: Path, calls: list[Call]) -> None:
    requested(tmp_path)
    out = tmp_path / "results"
    assert not Ledger(out / "runs").outcome(planned(tmp_path).digest)
    opened = pipeline.open_study(tmp_path / "tiny.yaml", out=out, seeds=None)
    opened.remember_plan()
    opened.freeze_plan()
    assert unkept(out / "tiny" / "plan.json", calls=calls) == ""
    assert unkept(out / "inspections.jsonl", calls=calls) == ""
