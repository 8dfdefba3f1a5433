"""An archive opens without its corpus and its code, and has no path of the machine it is from."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness import pipeline
from harness.cli import main
from harness.exchange.packing import Manifest, pack
from harness.runs.check import faults
from harness.runs.ledger import Ledger


def harness(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def archive(study: Path, tmp_path: Path) -> Path:
    path = tmp_path / "adapting-results.zip"
    done = harness("archive", study, "--out", study.parent / "results", "-o", path)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{path}: 6 runs, ")
    return path


def test_a_report_needs_neither_the_code_nor_the_results(
    study: Path, archive: Path, tmp_path: Path
) -> None:
    reported = harness("report", study, "--out", study.parent / "results").stdout
    shutil.rmtree(study.parent.parent)
    opened = harness("report", archive)
    assert opened.exit_code == 0, opened.output
    assert opened.stdout.startswith(reported.rpartition("\nreport: ")[0])
    assert "files, all as they were written, with harness 0.1.0, torch 2." in opened.stdout
    assert [path.name for path in tmp_path.iterdir()] == [archive.name], "nothing is left behind"


def test_its_plugin_files_are_not_run(study: Path, tmp_path: Path) -> None:
    archive, ran = tmp_path / "a-results.zip", tmp_path / "ran"
    plugin = study.parent.parent / "plugins" / "here.py"
    harness("archive", study, "--out", study.parent / "results", "-o", archive)
    with zipfile.ZipFile(archive) as packed:
        assert packed.read("study/plugins/here.py") == plugin.read_bytes()
    plugin.write_text(plugin.read_text() + f"__import__('pathlib').Path({str(ran)!r}).touch()\n")
    harness("archive", study, "--out", study.parent / "results", "-o", archive)
    assert ran.exists(), "to archive a study is to load it"
    ran.unlink()
    assert harness("report", archive, "--into", tmp_path / "unpacked").exit_code == 0
    assert harness("merge", archive, "--into", tmp_path / "merged").exit_code == 0
    assert not ran.exists()


def test_it_unpacks_to_a_results_folder_without_faults(archive: Path, tmp_path: Path) -> None:
    into = tmp_path / "unpacked"
    opened = harness("report", archive, "--into", into)
    page = into / "results" / "adapting" / "report.html"
    assert opened.stdout.endswith(f"report: {page}\n")
    assert page.is_file()
    assert list(faults(into / "results")) == []
    assert (into / "study" / "studies" / "adapting.yaml").is_file()
    again = harness("report", archive, "--into", into)
    assert (again.exit_code, again.output) == (
        2,
        f"{into}: is there already; choose another --into\n",
    )


def test_it_has_the_files_that_the_study_includes(study: Path, tmp_path: Path) -> None:
    base = study.parent.parent / "base.yaml"
    base.write_text(study.read_text().replace("../plugins", "plugins"))
    study.write_text("include: ../base.yaml\nquestion: Apart?\n")
    archive, into = tmp_path / "a-results.zip", tmp_path / "unpacked"
    done = harness("archive", study, "--out", study.parent / "results", "-o", archive)
    assert done.exit_code == 0, done.output
    # The runs of the study in one file are those of the study in two.
    assert done.stdout.startswith(f"{archive}: 6 runs, ")
    assert harness("report", archive, "--into", into).exit_code == 0
    assert (into / "study" / "base.yaml").read_bytes() == base.read_bytes()
    unpacked = into / "study" / "studies" / study.name
    opened = pipeline.open_study(unpacked, out=into / "results", seeds=None)
    assert opened.study.question == "Apart?"
    assert [run.title for run in opened.plan if not run.exists] == []


def test_it_has_the_inspections_and_no_path_of_this_machine(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        (inspection,) = packed.read("results/adapting/looks.jsonl").splitlines()
        assert json.loads(inspection)["primary"] == "nll"
        leaking = [name for name in names if str(tmp_path.parent).encode() in packed.read(name)]
    # The command that was typed is in the report as it was typed.
    assert leaking == ["results/adapting/report.html", "results/adapting/report.md"]
    assert not any(name.endswith((".pt", "log.txt", "lock")) for name in names)


def test_weights_are_in_it_if_asked(study: Path, tmp_path: Path) -> None:
    path, into = tmp_path / "a-results.zip", tmp_path / "unpacked"
    harness("archive", study, "--out", study.parent / "results", "-o", path, "--weights")
    harness("report", path, "--into", into)
    ledger = Ledger(into / "results" / "runs")
    runs = [path.name for path in ledger.root.iterdir()]
    assert len(runs) == 6
    assert all(ledger.weights(run) for run in runs)


def test_equal_results_give_equal_bytes(study: Path, archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again-results.zip"
    for path in (study.parent / "results" / "runs").rglob("*"):
        path.touch()
    harness("archive", study, "--out", study.parent / "results", "-o", again)
    assert again.read_bytes() == archive.read_bytes()


def test_runs_that_are_not_finished_or_damaged_are_named_and_left_out(
    study: Path, tmp_path: Path
) -> None:
    out = study.parent / "results"
    plan = json.loads((out / "adapting" / "plan.json").read_text())["runs"]
    digests = {(variant, seed): digest for variant, seed, digest in plan}
    (out / "runs" / digests["baseline", 2] / "outcome.json").unlink()
    (out / "runs" / digests["baseline", 2] / "weights.pt").unlink()
    measured = out / "runs" / digests["no-dropout", 1] / "measurements.jsonl"
    measured.write_bytes(measured.read_bytes() + b"\n")
    path = tmp_path / "a-results.zip"
    done = harness("archive", study, "--out", out, "-o", path)
    assert done.stdout.startswith(f"{path}: 4 runs, ")
    assert "baseline, seed 2: outcome.json gone; left out\n" in done.stderr
    assert "no-dropout, seed 1: measurements.jsonl damaged; left out\n" in done.stderr


def test_a_study_that_was_not_run_has_no_archive(study: Path, tmp_path: Path) -> None:
    refused = harness("archive", study, "--out", tmp_path / "none", "-o", tmp_path / "a.zip")
    assert refused.exit_code == 2
    assert "nothing has been run yet; harness run" in refused.output
    assert not (tmp_path / "a.zip").exists()


def test_text_of_an_archive_does_not_act_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    manifest = Manifest(
        name="tiny",
        study="study/tiny.yaml",
        summary="better\x1b[2J\u202e\nline",
        environment={"torch": "2\x07"},
    )
    files = {"study/tiny.yaml": b"", "results/tiny/findings.json": b"[]"}
    pack(path, files=files, manifest=manifest)
    opened = harness("report", path)
    assert opened.stdout.startswith("better\\x1b[2J\\u202e\nline\n")
    assert "torch 2\\x07\n" in opened.stdout


def test_options_that_do_not_go_with_an_archive_are_refused(study: Path, archive: Path) -> None:
    assert "leave out --seeds" in harness("report", archive, "--seeds", 3).output
    assert "--into goes with an archive" in harness("report", study, "--into", "x").output


def test_a_merged_archive_is_reported_and_read_by_its_study(study: Path, tmp_path: Path) -> None:
    path, into = tmp_path / "a.zip", tmp_path / "merged"
    harness("archive", study, "--out", study.parent / "results", "-o", path, "--weights")
    reported = harness("report", study, "--out", study.parent / "results").stdout
    harness("merge", path, "--into", into)
    merged = harness("report", study, "--out", into)
    assert merged.exit_code == 0, merged.output
    assert merged.stdout.partition("\nreport: ")[0] == reported.partition("\nreport: ")[0]
    written = harness("generate", study, "--out", into, "s1 s2")
    assert written.exit_code == 0, written.output
