"""Merging adds whole runs, completes those that lack something, and writes over none."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.contracts.records import Usage
from harness.runs import records
from harness.runs.check import faults
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger


def merge(*sources: Path, into: Path) -> Result:
    return CliRunner().invoke(main, ["merge", *map(str, sources), "--into", str(into)])


@pytest.fixture
def results(study: Path) -> Path:
    return study.parent / "results"


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file that is read again."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("lock", "lease.1", "log.txt")
    }


def with_digit_changed(run: Path) -> None:
    """A run with another measurement, sealed as if it had come out so."""
    ledger = Ledger(run.parent)
    outcome = ledger.outcome(run.name)
    assert outcome
    assert outcome.files
    path = run / MEASUREMENTS
    path.write_bytes(path.read_bytes().replace(b"[1, ", b"[1,  ", 1))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = records.content(outcome) | {"files": {**outcome.files, MEASUREMENTS: digest}}
    record.pop("schema")
    records.write_record(run / "outcome.json", record=record)
    assert ledger.damage(run.name) is None


def runs(results: Path) -> list[Path]:
    return sorted((results / "runs").iterdir())


def test_runs_are_copied_whole_and_once(results: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    first = merge(results, into=into)
    assert (first.exit_code, first.output) == (0, f"{into}: 6 added\n")
    assert contents(into / "runs") == contents(results / "runs")
    assert [path.name for path in into.iterdir()] == ["runs"], "no temporary folder is left"
    assert list(faults(into)) == []
    again = merge(results, into=into)
    assert (again.exit_code, again.output) == (0, f"{into}: 6 there\n")


def test_where_and_when_a_run_was_trained_makes_no_other_run(results: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    merge(results, into=into)
    for run in runs(into):
        outcome = Ledger(run.parent).outcome(run.name)
        assert outcome
        assert outcome.ended
        there = Usage(device="NVIDIA X", index="3", peak_memory=1, utilization=0.5)
        moved = replace(outcome, usage=there, ended=outcome.ended + 60, seconds=1e-3)
        records.write_record(run / "outcome.json", record=moved)
    assert merge(results, into=into).output == f"{into}: 6 there\n"


def test_a_run_with_another_number_is_named_and_both_are_left(
    results: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    merge(results, into=into)
    with_digit_changed(runs(results)[2])
    before = contents(into), contents(results)
    told = merge(results, into=into)
    assert told.exit_code == 1
    name = runs(results)[2].name
    here = into / "runs" / name / MEASUREMENTS
    line = f"{name[:12]}: conflict: {MEASUREMENTS} differs from {here}; both are left as they are"
    assert told.output.splitlines() == [line, f"{into}: 5 there, 1 conflict"]
    assert (contents(into), contents(results)) == before


def test_what_is_unfinished_damaged_or_a_link_is_left_out(results: Path, tmp_path: Path) -> None:
    unfinished, damaged, linked, *_ = runs(results)
    for name in ("outcome.json", WEIGHTS):
        (unfinished / name).unlink()
    shutil.rmtree(unfinished / "evaluations", ignore_errors=True)
    (damaged / WEIGHTS).write_bytes(b"other")
    (linked / WEIGHTS).unlink()
    (linked / WEIGHTS).symlink_to("/etc/passwd")
    (results / "runs" / "notes").mkdir()
    into = tmp_path / "into"
    told = merge(results, into=into)
    assert told.exit_code == 0
    assert told.output.splitlines() == [
        f"{unfinished.name[:12]}: left out: not finished, at update 4",
        f"{damaged.name[:12]}: left out: {WEIGHTS} damaged",
        f"{linked.name[:12]}: left out: a symbolic link, or with one in it",
        "notes: left out: not a run",
        f"{into}: 4 left out, 3 added",
    ]
    assert len(runs(into)) == 3


def test_a_run_here_that_is_not_finished_is_not_written_over(results: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    merge(results, into=into)
    here = runs(into)[0]
    (here / "outcome.json").write_bytes(b"cut")
    told = merge(results, into=into)
    assert (
        "left out: the one here is outcome.json damaged; `harness run` finishes it" in told.output
    )
    assert (here / "outcome.json").read_bytes() == b"cut"


def test_a_run_here_gains_the_decodings_and_weights_that_it_lacks(
    results: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    merge(results, into=into)
    whole = contents(into)
    decoded = [run for run in runs(into) if (run / "evaluations").exists()]
    shutil.rmtree(decoded[0] / "evaluations")
    (decoded[1] / WEIGHTS).unlink()
    told = merge(results, into=into)
    assert f"{into}: " in told.output
    assert "2 completed" in told.output.splitlines()[-1]
    assert contents(into) == whole


def test_inspections_are_added_once_in_the_order_of_their_dates(
    results: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    theirs, ours = (folder / "adapting" / "looks.jsonl" for folder in (results, into))
    early, late = (records.line({"date": date}) for date in ("2026-01-01", "2026-03-01"))
    between = records.line({"date": "2026-02-01"})
    theirs.write_text(early + late + "damaged\n")
    ours.parent.mkdir(parents=True)
    ours.write_text(between)
    for _ in range(2):
        merge(results, into=into)
        assert ours.read_text() == early + between + late


def test_a_merge_that_was_killed_leaves_no_half_run(results: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    left = into / ".merge.4194305" / "half"  # beyond the largest process id
    left.mkdir(parents=True)
    assert merge(results, into=into).exit_code == 0
    assert [path.name for path in into.iterdir()] == ["runs"]


def test_a_source_without_results_is_a_line(tmp_path: Path) -> None:
    refused = merge(tmp_path, into=tmp_path / "into")
    assert refused.exit_code == 2
    assert refused.output == f"{tmp_path}: no results in it; name a results folder or an archive\n"
