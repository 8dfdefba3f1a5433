"""Studies that share their training, and were started together."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.tiny_study import COMMAND, TINY, Harness

pytestmark = pytest.mark.faults

OWN = '''
from dataclasses import dataclass

from harness.components import Generation
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Own(Generation):
    """Writes one token, the first that is no special one."""

    name = "own"

    def build(self, setting):
        def generate(model, source, *, sentences):
            return [[4] for _ in sentences]

        return generate


@hookimpl
def harness_generations():
    return [Own]
'''
GREEDY, BEAM = "{greedy: {extra: 3}}", "{beam: {size: 2, extra: 3}}"


def written(folder: Path, name: str, *, generation: str, plugin: str = "") -> Path:
    """A study of one training in a folder of its own; `plugin` is the source of a file of its."""
    path = folder / name / f"{name}.yaml"
    path.parent.mkdir()
    text = TINY.replace(GREEDY, generation).replace("updates: 12", "updates: 60")
    text = text.replace("variants:\n  no-dropout: {regularizers: {dropout: off}}\n", "")
    if plugin:
        (path.parent / "own.py").write_text(plugin)
        text += "plugins: [./own.py]\n"
    path.write_text(text.replace("question:", "variants:\n  again: {replicate: 1}\nquestion:"))
    return path


def together(*studies: Path, out: Path) -> list[tuple[int, str]]:
    """Run studies at the same time, each in a process; their exit statuses and outputs."""
    processes = [
        subprocess.Popen(
            [*COMMAND, "run", str(study), "--out", str(out), "--jobs", "1", "--seeds", "1"],
            cwd=study.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for study in studies
    ]
    outputs = [process.communicate()[0] for process in processes]
    return [
        (process.returncode, output) for process, output in zip(processes, outputs, strict=True)
    ]


def nll(study: Path, *, out: Path) -> dict[str, Any]:
    """Every score of a study, by variant."""
    command = [*COMMAND, "export", str(study), "--out", str(out), "--runs", "--format", "csv"]
    exported = subprocess.run(
        [*command, "--seeds", "1"], cwd=study.parent, capture_output=True, text=True, check=True
    )
    return dict(line.split(",", 1) for line in exported.stdout.splitlines())


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("generation", "plugin"), [(BEAM, ""), ("own", OWN)], ids=["beam", "of-a-plugin-file"]
)
def test_studies_that_differ_in_decoding_and_start_together_both_finish(
    tmp_path: Path, generation: str, plugin: str
) -> None:
    one = written(tmp_path, "one", generation=GREEDY)
    two = written(tmp_path, "two", generation=generation, plugin=plugin)
    ended = together(one, two, out=tmp_path / "shared")
    assert [status for status, _ in ended] == [0, 0], ended
    runs = [path for path in (tmp_path / "shared" / "runs").iterdir() if path.is_dir()]
    assert len(runs) == 2
    assert {len([*run.glob("evaluations/*/outcome.json")]) for run in runs} == {2}
    # The oracle: each of them alone, in a folder of its own.
    assert together(one, out=tmp_path / "first")[0][0] == 0
    assert together(two, out=tmp_path / "second")[0][0] == 0
    assert nll(one, out=tmp_path / "shared") == nll(one, out=tmp_path / "first")
    assert nll(two, out=tmp_path / "shared") == nll(two, out=tmp_path / "second")


@pytest.mark.timeout(300)
def test_a_decoding_that_fails_is_the_fault_of_its_study_alone(
    tmp_path: Path, harness: Harness
) -> None:
    broken = OWN.replace("return [[4] for _ in sentences]", "raise ValueError('no words')")
    one = written(tmp_path, "one", generation=GREEDY)
    two = written(tmp_path, "two", generation="own", plugin=broken)
    (first, shown), (second, fault) = together(one, two, out=tmp_path / "shared")
    assert (first, second) == (0, 1), (shown, fault)
    assert "raised ValueError: no words (own.py, line 16)" in fault
    # The failed request stays, and a third study of this training is not held up by it.
    third = written(tmp_path, "third", generation=BEAM)
    ended = harness("run", third, "--out", tmp_path / "shared", "--seeds", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # Mended, the request is carried out by whoever trains or decodes next.
    (two.parent / "own.py").write_text(OWN)
    ended = harness("run", two, "--out", tmp_path / "shared", "--seeds", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_folder_of_an_earlier_version_keeps_its_requests(
    tmp_path: Path, harness: Harness
) -> None:
    one = written(tmp_path, "one", generation=GREEDY)
    out = tmp_path / "results"
    assert harness("run", one, "--out", out, "--seeds", "1").returncode == 0
    for path in out.glob("runs/*/evaluations/*/where.json"):  # which it did not write
        path.unlink()
        (path.parent / "outcome.json").unlink()
        requested = json.loads((path.parents[2] / "where.json").read_text())["evaluations"]
        assert requested == [path.parent.name]
    ended = harness("run", one, "--out", out, "--seeds", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
