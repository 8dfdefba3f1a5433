from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import pipeline
from harness.cli import main
from harness.cli.list_results import size_text
from harness.runs.ledger import Ledger
from harness.runs.lock import hold
from harness.runs.study_folder import remember

OTHER = "f" * 64


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """Two studies that share a finished run, and a copy of the run that neither refers to."""
    folder = shutil.copytree(finished, tmp_path / "here")
    shutil.copy(folder / "tiny.yaml", folder / "second.yaml")
    for name in ("tiny.yaml", "second.yaml"):
        opened = pipeline.open_study(folder / name, out=folder / "results", seeds=1)
        remember(opened.study, runs=opened.plan, folder=opened.folder)
    runs = folder / "results" / "runs"
    (run,) = runs.iterdir()
    shutil.copytree(run, runs / OTHER)
    return folder / "results"


def harness(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(main, [*map(str, words)])
    assert done.exit_code == status, done.output
    return done.output


def runs(results: Path) -> set[str]:
    return {path.name for path in (results / "runs").iterdir()}


def test_studies_are_listed_with_their_runs_sizes_and_files(results: Path) -> None:
    second, tiny, unused = harness("list", results).splitlines()
    (name, count, state, *_, file) = tiny.split()
    assert (name, count, state) == ("tiny", "1", "finished")
    assert Path(file).resolve() == (results.parent / "tiny.yaml").resolve()
    assert second.startswith("second")
    assert "1 unused" in unused
    listed = json.loads(harness("list", results, "--json"))
    (shared,) = (run for run in listed["runs"] if run["digest"] != OTHER)
    assert shared["studies"] == ["second", "tiny"]
    folder = results / "runs" / shared["digest"]
    assert shared["size"] == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def test_nothing_is_removed_without_yes(results: Path) -> None:
    before = runs(results)
    assert "nothing is removed without --yes" in harness("clean", results)
    assert runs(results) == before


def test_what_a_study_refers_to_stays(results: Path) -> None:
    kept = runs(results) - {OTHER}
    assert f"runs/{OTHER[:12]}" in harness("clean", results, "--yes")
    assert runs(results) == kept
    assert "nothing to remove" in harness("clean", results, "--yes")


def test_a_study_goes_with_the_runs_that_no_other_has(results: Path) -> None:
    kept = runs(results) - {OTHER}
    harness("clean", results, "--study", "second", "--yes")
    assert not (results / "second").exists()
    assert runs(results) == kept
    harness("clean", results, "--study", "tiny", "--yes")
    assert runs(results) == set()
    assert "did you mean" not in harness("clean", results, "--study", "tiny", status=2)


def test_what_a_run_of_a_study_starts_from_stays(results: Path) -> None:
    (kept,) = runs(results) - {OTHER}
    path = results / "runs" / kept / "run.json"
    path.write_text(path.read_text().replace('"seed":', f'"starts_from": "{OTHER}", "seed":', 1))
    assert "nothing to remove" in harness("clean", results, "--yes")
    assert f"needed by {kept[:12]}" in harness("list", results, "--runs")
    # It goes with the study whose run it was for, and with no other.
    harness("clean", results, "--study", "second", "--yes")
    assert runs(results) == {kept, OTHER}
    harness("clean", results, "--study", "tiny", "--yes")
    assert runs(results) == set()


def test_a_run_under_way_stays(results: Path) -> None:
    with hold(Ledger(results / "runs").run(OTHER)):
        assert "stays, as it is running" in harness("clean", results, "--yes")
        assert OTHER in runs(results)


def test_a_study_without_a_plan_could_lose_its_runs(results: Path) -> None:
    before = runs(results)
    (results / "tiny" / "report.html").touch()
    (results / "tiny" / "plan.json").unlink()
    assert "no plan, so that its runs are not known" in harness("clean", results, "--yes", status=2)
    (results / "tiny" / "plan.json").write_text('{"schema": 1, "runs": [[')
    assert "plan.json" in harness("clean", results, "--yes", status=2)
    assert runs(results) == before


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    for command in ("list", "clean"):
        assert "no such folder" in harness(command, tmp_path / "nothing", status=2)
    assert harness("list", tmp_path).strip() == f"{tmp_path}: no results"


def test_sizes_have_a_unit() -> None:
    assert [size_text(size) for size in (0, 999, 1000, 12_345_678, 3_200_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12.3 MB",
        "3.2 GB",
    ]


def test_the_module_is_the_command_and_leaves_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('imported from the working folder')")
    command = [sys.executable, "-m", "harness", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: harness [OPTIONS] COMMAND")
