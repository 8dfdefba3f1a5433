from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas
import pytest
import torch
from click.testing import CliRunner
from support.tiny_study import TINY

import harness
from harness import HarnessError
from harness.cli import main
from harness.notebook import StudyResults
from harness.notebook.pictures import keeping_backend

SCRIPT = """
import harness

study = harness.load("tiny.yaml")
results = study.run(jobs=2)
assert results.failed == ()
print(results.scores.to_json(orient="records"))
"""


@pytest.fixture(scope="module")
def trained(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the study of which one run is finished, as looking at it is recorded."""
    return shutil.copytree(finished, tmp_path_factory.mktemp("notebook") / "trained")


@pytest.fixture(scope="module")
def results(trained: Path) -> StudyResults:
    """The results of a study of which one run is finished."""
    return harness.load(trained / "tiny.yaml", out=trained / "results").results()


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import harness, sys; print(*(name for name in sys.modules if name[:8] == 'harness.'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_package_names_what_it_offers() -> None:
    assert {*harness.__all__} <= {*dir(harness)}
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = harness.lod


def test_a_study_says_what_it_asks(trained: Path) -> None:
    study = harness.load(trained / "tiny.yaml")
    assert study.question == "Does a tiny model need its dropout?"
    assert "baseline, no-dropout; seeds 1, 2" in study._repr_html_()


def test_its_faults_are_those_of_validate(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(TINY.replace("optimizer: adam", "optimizer: adm"), encoding="utf-8")
    with pytest.raises(HarnessError) as error:
        harness.load(path)
    assert str(error.value) == CliRunner().invoke(main, ["validate", str(path)]).stderr.strip()


def test_its_plan_is_that_of_the_command(trained: Path) -> None:
    path, out = trained / "tiny.yaml", trained / "results"
    study = harness.load(path, out=out)
    study.plan()  # which is frozen: from then on a plan says the same
    plan = study.plan(sd=0.1)
    words = ["plan", str(path), "--out", str(out), "--sd", "0.1"]
    assert str(plan) == CliRunner().invoke(main, words).stdout.rstrip("\n")
    assert [*plan.runs["exists"]] == [True, False, False, False]
    assert [*plan.changes["option"]] == ["regularizers.dropout"]
    assert "all initial weights" in plan._repr_html_()


def test_scores_and_curves_are_those_of_the_ledger(results: StudyResults) -> None:
    ledger, run = results.opened.ledger, results.opened.runs[0]
    assert {*results.scores["run"]} == {run.digest}
    evaluation = ledger.evaluated(run.digest, evaluation=run.evaluation)
    assert evaluation
    stored = evaluation.scores
    scores = dict(zip(results.scores["metric"], results.scores["value"], strict=True))
    assert {name: scores[name] for name in stored} == stored
    assert "bleu" in scores
    curves = results.curves
    assert {*curves["variant"]} == {"baseline"}
    validation = curves[(curves["split"] == "validation") & (curves["metric"] == "nll")]
    assert [*validation["update"]] == [0, 4, 8, 12]
    assert validation["value"].is_monotonic_decreasing


def test_without_results_the_way_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    study = harness.load(tmp_path / "tiny.yaml", out=tmp_path / "results")
    with pytest.raises(HarnessError, match="nothing has been run yet; harness run"):
        study.results()


def test_a_model_translates_as_the_command_does(results: StudyResults, trained: Path) -> None:
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    lines = ["ein hund schläft .", "Ein Junge liest ein Buch."]
    model = results.model("baseline", seed=1)
    words = ["generate", str(trained / "tiny.yaml"), "--out", str(trained / "results"), *lines]
    said = CliRunner().invoke(main, words).stdout.splitlines()
    torch.set_num_threads(before[0])
    torch.set_deterministic_debug_mode(before[1])
    assert model.translate_all(lines) == said
    assert model.translate(lines[0]) == said[0]
    assert model.unknown("xyz") == ("xyz",)
    assert (torch.get_num_threads(), torch.get_deterministic_debug_mode()) == before


@pytest.mark.parametrize(
    ("variant", "seed", "fault"),
    [
        ("no-dropot", 1, "no variant named 'no-dropot'; did you mean 'no-dropout'?"),
        ("baseline", 9, "baseline has no seed 9; its seeds are 1, 2"),
        ("baseline", 2, "baseline, seed 2: nothing has been run yet"),
    ],
)
def test_a_model_that_is_not_there_is_named(
    results: StudyResults, variant: str, seed: int, fault: str
) -> None:
    with pytest.raises(HarnessError) as error:
        results.model(variant, seed=seed)
    assert fault in str(error.value)


def test_a_picture_is_shown_and_saved(results: StudyResults, tmp_path: Path) -> None:
    picture = results.figure("learning_curves")
    assert "<svg" in picture._repr_svg_()
    assert picture.save(tmp_path / "curves.png").read_bytes()[1:4] == b"PNG"
    assert picture.save(tmp_path / "curves.pdf").read_bytes()[:4] == b"%PDF"
    with pytest.raises(HarnessError, match=r"unsupported format; use \.png, \.svg, \.pdf"):
        picture.save(tmp_path / "curves.gif")
    with pytest.raises(HarnessError, match="did you mean 'forest'"):
        results.figure("forst")


def test_a_notebook_keeps_its_plots() -> None:
    import matplotlib as mpl

    before = mpl.get_backend()
    mpl.use("svg")
    try:
        with keeping_backend():
            mpl.use("agg")
        assert mpl.get_backend() == "svg"
    finally:
        mpl.use(before)


def test_a_failure_stays_with_the_results(results: StudyResults) -> None:
    failed = StudyResults(report=results.report, opened=results.opened, failed=("a, seed 1: why",))
    assert "failed: a, seed 1: why" in repr(failed)
    assert "failed: a, seed 1: why" in failed._repr_html_()


def test_a_script_carries_a_study_out_without_a_guard(tmp_path: Path) -> None:
    """Each process of a run would otherwise begin by executing the script again."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    scores = pandas.DataFrame(json.loads(line))
    assert scores.groupby(["variant", "seed"])["metric"].count().to_list() == [4] * 4
    words = ["report", str(tmp_path / "tiny.yaml"), "--out", str(tmp_path / "results")]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "results" / "tiny" / "report.html").is_file()
