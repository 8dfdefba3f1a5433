"""Commands that read results change no file, and those that show results record it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.pretraining_study import ADAPTING, carried_out

from harness import pipeline
from harness.cli import main
from harness.contracts import StudyView

WITH_METRIC = ADAPTING.replace("figures: []", "metrics: [bleu]\nfigures: []")
LOG = "looks.jsonl"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study whose runs are finished, before anybody has seen a result."""
    folder = tmp_path_factory.mktemp("trained")
    _, ends = carried_out(folder / "adapting.yaml", text=WITH_METRIC)
    assert not any(end.reason for end in ends)
    return folder


@pytest.fixture
def study(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "adapting.yaml"


def harness(*words: object, study: Path) -> str:
    out = study.parent / "results"
    places = [] if words[0] == "validate" else ["--out", str(out)]
    result = CliRunner().invoke(main, [str(words[0]), str(study), *map(str, words[1:]), *places])
    assert result.exit_code == 0, result.output
    return result.output


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file, but for those of MLflow."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "mlflow" not in str(path.relative_to(folder))
    }


def inspections(study: Path) -> list[dict[str, object]]:
    log = study.parent / "results" / study.stem / LOG
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow's own libraries
@pytest.mark.parametrize("command", [("plan",), ("plan", "--probe"), ("sync",), ("validate",)])
def test_a_command_that_reads_changes_no_file_of_a_finished_study(
    study: Path, command: Sequence[str]
) -> None:
    study.write_text(study.read_text().replace("trackers: []\n", ""))  # MLflow
    harness("report", study=study)
    before = contents(study.parent)
    assert f"results/adapting/{LOG}" in before
    harness(*command, study=study)
    assert contents(study.parent) == before


@pytest.mark.parametrize("command", ["plan", "sync", "validate"])
def test_a_command_that_reads_begins_no_report_and_no_log(study: Path, command: str) -> None:
    harness(command, study=study)
    assert not (study.parent / "results" / "adapting").exists()


def test_an_evaluation_is_not_an_inspection(study: Path) -> None:
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=None)
    report = opened.evaluate()
    assert report.findings
    assert not opened.is_inspected(report)
    assert not opened.folder.exists()
    assert opened.evaluate() == report


@pytest.mark.parametrize("command", [("export",), ("export", "--runs"), ("report",)])
def test_a_command_that_shows_results_records_one_inspection(
    study: Path, command: Sequence[str]
) -> None:
    assert "bleu" in harness(*command, study=study) or command == ("report",)
    (inspection,) = inspections(study)
    assert inspection["primary"] == "nll"
    harness(*command, study=study)
    assert inspections(study) == [inspection]
    page = study.parent / "results" / "adapting" / "report.html"
    assert page.exists() == (command == ("report",))


def test_a_comparison_of_a_study_s_runs_is_an_inspection_of_it(study: Path) -> None:
    harness("compare", f"{study}:slower", study=Path(f"{study}:baseline"))
    (inspection,) = inspections(study)
    harness("report", study=study)
    assert inspections(study) == [inspection]


def test_a_page_that_is_served_records_an_inspection_and_writes_no_report(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[StudyView] = []

    class Page:
        def sync(self, view: StudyView, ledger: object) -> None:
            assert view.findings

        def serve(self, view: StudyView, **how: object) -> None:
            served.append(view)

    monkeypatch.setattr(pipeline, "tracker_page", lambda *_, **__: Page())
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=None)
    pipeline.show(opened, port=None, ready=print)
    assert len(served) == len(inspections(study)) == 1
    assert [path.name for path in opened.folder.iterdir()] == [LOG]


def test_a_tracker_gets_findings_once_they_are_inspected(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views: list[StudyView] = []

    def copy(trackers: object, *, study: StudyView, **rest: object) -> list[str]:
        views.append(study)
        return []

    monkeypatch.setattr(pipeline, "copy_to_trackers", copy)
    harness("sync", study=study)
    harness("export", study=study)
    harness("sync", study=study)
    before, after = views
    assert (before.findings, before.summary) == ((), "")
    assert after.findings
    assert after.summary
