"""A project that is copied, renamed or mounted elsewhere keeps its results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.tiny_study import COMMAND, TINY

from harness.runs.ledger import Ledger

OBSERVER = """
from harness.hookspecs import hookimpl


@hookimpl
def harness_study_ended():
    pass
"""
CORPUS = """parallel_text:
      train: {source: ../data/t.de, target: ../data/t.de}
      validation: {source: ../data/h.de, target: ../data/h.de}
      test: {source: ../data/h.de, target: ../data/h.de}
"""


def harness(project: Path, *words: object) -> str:
    """The output of a command in the project's folder."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a study, a corpus, a plugin file, and results."""
    project = tmp_path_factory.mktemp("home") / "project"
    for name in ("studies", "data"):
        (project / name).mkdir(parents=True)
    for name in ("t", "h"):
        lines = (f"eins zwei {name} {number}\n" for number in range(30))
        (project / "data" / f"{name}.de").write_text("".join(lines))
    (project / "studies" / "odd.py").write_text(OBSERVER)
    toy = "{toy_german: {train: 60, validation: 20, test: 20}}"
    text = TINY.replace(toy, f"\n    {CORPUS}")
    text = text.replace("seeds: 2", "seeds: 1").replace("updates: 12", "updates: 4")
    (project / "studies" / "tiny.yaml").write_text(f"plugins: [odd.py]\n{text}")
    harness(project, "run", "studies/tiny.yaml")
    return project


def written(project: Path) -> Mapping[str, str]:
    """The files of the report."""
    folder = project / "results" / "tiny"
    return {name: (folder / name).read_text() for name in ("report.md", "findings.json")}


def states(project: Path) -> list[tuple[bool, str]]:
    plan = json.loads(harness(project, "plan", "studies/tiny.yaml", "--json"))
    return [(run["exists"], run["digest"]) for run in plan["runs"]]


def test_a_project_that_was_copied_and_touched_has_the_same_results(
    original: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "mounted elsewhere" / "copy"
    before, runs = written(original), states(original)
    assert [exists for exists, _ in runs] == [True, True]
    shutil.copytree(original, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert states(copy) == runs
    harness(copy, "report", "studies/tiny.yaml")
    assert written(copy) == before
    harness(copy, "sync", "studies/tiny.yaml")
    harness(copy, "check")
    for path in (copy / "results").rglob("*"):
        assert path.suffix == ".pt" or path.is_dir() or str(original) not in path.read_text()
    # An edit in the copy concerns no other: its original is still where it was.
    with (copy / "studies" / "tiny.yaml").open("a") as file:
        file.write("# mine\n")
    assert states(copy) == runs


def test_a_run_is_found_by_its_digest_where_it_was_copied_to(
    original: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    _, digest = states(copy)[0]
    location = Ledger(copy / "results" / "runs").location(digest)
    here = [*location.files.values(), *location.plugins]
    assert {Path(path).parent for path in here} == {copy / "data", copy / "studies"}
    wrote = harness(copy, "generate", digest[:9], "eins zwei")
    assert wrote == harness(original, "generate", digest[:9], "eins zwei")
    (copy / "data" / "t.de").write_text("other\n")  # its own, not the original's
    command = [*COMMAND, "generate", digest[:9], "a"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert "has changed since it was trained" in done.stderr
