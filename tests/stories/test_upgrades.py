"""Results of an earlier release, and of another environment, in every command that reads them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness import pipeline
from harness.cli import main
from harness.exchange.challenge import challenged_study
from harness.planned_study import PlannedStudy
from harness.runs import records
from harness.runs.identity import digest
from harness.runs.ledger import Ledger
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.runs.reuse import Reuse

# Trained by that release with one statement more in the loop, and kept without its weights.
# The core, which changes with every version, and whichever techniques have changed as well.
MODULES = r"harness(?:, \w+\.\w+)*"
CODE = rf"other code \({MODULES}\)"
RELEASES = sorted((Path(__file__).parents[1] / "data").glob("results-*"))

Change = Callable[[RunIdentity], RunIdentity]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    shutil.copytree(RELEASES[-1], tmp_path, dirs_exist_ok=True)
    return tmp_path / "tiny.yaml"


def harness(*words: object, study: Path) -> Result:
    place = ["--out", str(study.parent / "results")]
    named = [] if words[0] == "check" else [str(study)]
    return CliRunner().invoke(main, [str(words[0]), *named, *map(str, words[1:]), *place])


def of_other_code(said: str) -> int:
    """The runs that are said to have been found with other code, however they are grouped."""
    counts = re.findall(rf"(\d) of 4 runs were found with {CODE}(?:\n|$)", said)
    return sum(map(int, counts))


def opened(study: Path, *, reuse: Reuse) -> PlannedStudy:
    return pipeline.open_study(study, out=study.parent / "results", seeds=None, reuse=reuse)


def states(study: Path, *, reuse: Reuse) -> list[str]:
    """The states of the runs; of the modules that have changed, only the core is named."""
    return [re.sub(MODULES, "harness", run.why) for run in opened(study, reuse=reuse).plan]


def moved(
    study: Path, change: Callable[[RunIdentity], RunIdentity], *, runs: Sequence[int]
) -> None:
    """Rewrite these runs of the plan as if they had been trained otherwise, under their digests."""
    planned = opened(study, reuse=Reuse.ANY).plan
    today = opened(study, reuse=Reuse.IDENTICAL).plan
    ledger, rows = Ledger(study.parent / "results" / "runs"), []
    for number, run in enumerate(planned):
        name = run.digest
        if number in runs:
            identity = replace(change(run.identity), parts=None)
            name = digest(identity.deciding())
            ledger.run(run.digest).rename(ledger.run(name))
            records.write_record(ledger.run(name) / "run.json", record=identity)
            decoding = replace(run.decoding, training=name)
            if identity.code == today[number].identity.code:
                decoding = replace(decoding, code=today[number].decoding.code)
            folder = ledger.evaluation(name, evaluation=digest(asdict(decoding)))
            ledger.evaluation(name, evaluation=run.evaluation).rename(folder)
            records.write_record(folder / "evaluation.json", record=decoding)
        rows.append((run.variant, run.seed, name))
    plan = study.parent / "results" / "tiny" / "plan.json"
    stored = records.require(plan, kind=records.StoredPlan)
    records.write_record(plan, record=replace(stored, runs=tuple(rows)))


def other_torch(identity: RunIdentity) -> RunIdentity:
    return replace(identity, torch="2.12.0")


def code_of_today(study: Path, *, torch: str) -> Change:
    """The change to today's code, in an environment with another torch."""

    def choices(identity: RunIdentity) -> object:
        # Sorted, as a later release may have an option in another place.
        return identity.seed, json.dumps(identity.experiment, sort_keys=True)

    now: Mapping[object, Mapping[str, str]] = {
        choices(run.identity): run.identity.code
        for run in opened(study, reuse=Reuse.IDENTICAL).plan
    }
    return lambda identity: replace(identity, torch=torch, code=now[choices(identity)])


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_results_of_a_release_are_read_by_every_later_one(
    release: Path, tmp_path: Path
) -> None:
    shutil.copytree(release, tmp_path, dirs_exist_ok=True)
    study = tmp_path / "tiny.yaml"
    checked = harness("check", study=study)
    assert (checked.exit_code, "no faults" in checked.output) == (0, True), checked.output
    planned = harness("plan", "--reuse", "same-study", study=study)
    assert "4 runs; 0 to train or decode" in planned.output
    shown = harness("report", study=study)
    assert shown.exit_code == 0, shown.output
    assert "no-dropout is inconclusive." in shown.output
    rows = [*csv.DictReader(io.StringIO(harness("export", "--runs", study=study).stdout))]
    written = [float(row["value"]) for row in rows if row["metric"] == "nll"]
    kept = sorted(release.glob("results/runs/*/evaluations/*/outcome.json"))
    scores = [json.loads(path.read_text())["scores"]["nll"] for path in kept]
    assert sorted(written) == sorted(scores)
    assert {row["torch"] for row in rows} == {"2.13.0+cpu"}


@pytest.mark.parametrize("command", ["report", "export", "sync"])
def test_results_of_other_code_are_shown_and_said_to_be(command: str, study: Path) -> None:
    read = harness(command, study=study)
    assert read.exit_code == 0, read.output
    assert of_other_code(read.stderr) == 4
    assert re.fullmatch(rf"(?:{re.escape(str(study))}: .*\n)+", read.stderr)
    assert "nothing has been run" not in read.output


def test_a_report_says_the_environment_and_the_command_that_gives_it(study: Path) -> None:
    moved(study, code_of_today(study, torch="2.12.0"), runs=range(4))
    read = harness("report", study=study)
    now = opened(study, reuse=Reuse.IDENTICAL).plan[0].identity.torch
    line = f"4 of 4 runs were found with torch 2.12.0; this is torch {now}"
    assert line in read.stderr
    for name in ("report.md", "report.html"):
        page = (study.parent / "results" / "tiny" / name).read_text()
        assert line in page.replace("\\", "")
        assert "--reuse same-study" in page


def test_a_comparison_reads_them_and_records_the_inspection(study: Path) -> None:
    log = study.parent / "results" / "tiny" / "looks.jsonl"
    log.unlink()
    place = ["--out", str(study.parent / "results")]
    words = ["compare", f"{study}:baseline", f"{study}:no-dropout", *place]
    compared = CliRunner().invoke(main, words)
    assert compared.exit_code == 0, compared.output
    assert of_other_code(compared.stderr) == 4
    assert len(log.read_text().splitlines()) == 1


def test_reuse_says_what_counts_as_the_same_run(study: Path) -> None:
    expected = {
        Reuse.IDENTICAL: ["changed code of harness"] * 4,
        Reuse.SAME_CODE: ["changed code of harness"] * 4,
        Reuse.SAME_STUDY: ["exists, found with other code (harness)"] * 4,
        Reuse.ANY: ["exists, found with other code (harness)"] * 4,
    }
    assert {reuse: states(study, reuse=reuse) for reuse in Reuse} == expected
    assert "`--reuse` can take runs" in harness("plan", study=study).output
    moved(study, code_of_today(study, torch="2.12.0"), runs=range(4))
    found = ["exists, found with torch 2.12.0"] * 4
    assert states(study, reuse=Reuse.IDENTICAL) == ["changed torch"] * 4
    assert [states(study, reuse=reuse) for reuse in [*Reuse][1:]] == [found] * 3


def test_changed_choices_are_another_study_but_for_any(study: Path) -> None:
    study.write_text(study.read_text().replace("warmup: 10", "warmup: 5"))
    refused = harness("report", study=study)
    assert refused.exit_code == 2
    assert "no run of it as it is written now; 4 of its last plan differ" in refused.output
    assert "changed option schedule.noam.warmup" in refused.output
    assert "nothing has been run" not in refused.output
    (found,) = set(states(study, reuse=Reuse.ANY))
    assert found == (
        "exists, found with other code (harness) and other choices (schedule.noam.warmup)"
    )
    assert harness("report", "--reuse", "any", study=study).exit_code == 0


def test_results_that_are_not_there_are_said_not_to_be(study: Path) -> None:
    shutil.rmtree(study.parent / "results")
    refused = harness("report", study=study)
    assert (refused.exit_code, "nothing has been run yet" in refused.output) == (2, True)


def test_another_decoding_is_not_reused(study: Path) -> None:
    study.write_text(study.read_text().replace("extra: 3", "extra: 4"))
    assert not any(run.exists for run in opened(study, reuse=Reuse.ANY).plan)


def test_mixed_pairs_are_marked_in_the_answer_and_in_a_plan(study: Path) -> None:
    moved(study, other_torch, runs=[1])
    said = "1 of 2 pairs mix code or environments (no-dropout, seed 1)"
    read = harness("report", study=study)
    assert f"no-dropout is inconclusive.\n{said}" in read.stdout
    assert said in (study.parent / "results" / "tiny" / "report.html").read_text()
    assert said in harness("plan", "--reuse", "same-study", study=study).output
    place = ["--out", str(study.parent / "results")]
    words = ["compare", f"{study}:baseline", f"{study}:no-dropout", *place]
    assert "1 of 2 pairs mix" in CliRunner().invoke(main, words).stdout


def test_runs_that_fit_together_are_taken_before_those_of_today(study: Path) -> None:
    code = code_of_today(study, torch="2.12.0")
    now = opened(study, reuse=Reuse.IDENTICAL).plan[0].identity.torch
    runs = study.parent / "results" / "runs"
    kept = {path.name for path in runs.iterdir()}
    shutil.copytree(runs, study.parent / "copy")
    moved(study, lambda identity: replace(code(identity), torch=now), runs=[0])
    shutil.copytree(study.parent / "copy", runs, dirs_exist_ok=True)
    # Of seed 1, the baseline exists with today's code and both variants with the old code.
    assert len(list(runs.iterdir())) == len(kept) + 1
    planned = opened(study, reuse=Reuse.SAME_STUDY).plan
    assert {run.digest for run in planned} == kept
    (today,) = {path.name for path in runs.iterdir()} - kept
    assert opened(study, reuse=Reuse.IDENTICAL).plan[0].digest == today


def test_a_record_without_parts_is_read_with_them(study: Path) -> None:
    for path in study.parent.glob("results/runs/*/run.json"):
        identity = records.require(path, kind=RunIdentity)
        assert identity.parts is not None
        records.write_record(path, record=replace(identity, parts=None))
        ledger = Ledger(path.parent.parent)
        assert ledger.parts(path.parent.name) == identity.parts
        assert "parts" not in json.loads(path.read_text())
    assert harness("check", study=study).exit_code == 0
    assert all(run.exists for run in opened(study, reuse=Reuse.SAME_STUDY).plan)


def test_an_option_that_came_later_counts_with_its_default(study: Path) -> None:
    def earlier(identity: RunIdentity) -> RunIdentity:
        model = {name: of for name, of in identity.experiment["model"].items() if name != "tie"}
        return replace(identity, experiment={**identity.experiment, "model": model})

    moved(study, earlier, runs=range(4))
    assert all(run.exists for run in opened(study, reuse=Reuse.SAME_STUDY).plan)
    study.write_text(study.read_text().replace("layers: 1}", "layers: 1, tie: target}"))
    assert not any(run.exists for run in opened(study, reuse=Reuse.SAME_STUDY).plan)


def test_a_decoding_without_a_later_option_counts_with_its_default(study: Path) -> None:
    text = study.read_text()
    assert "greedy: {extra: 3}" in text
    for path in study.parent.glob("results/runs/*/evaluations/*/evaluation.json"):
        decoding = records.require(path, kind=DecodingIdentity)
        records.write_record(path, record=replace(decoding, generation={"greedy": {}}))
    assert not any(run.exists for run in opened(study, reuse=Reuse.SAME_STUDY).plan)
    study.write_text(text.replace("{greedy: {extra: 3}}", "greedy"))
    assert all(run.exists for run in opened(study, reuse=Reuse.SAME_STUDY).plan)


def test_a_run_with_reuse_trains_nothing_that_counts_as_the_same(study: Path) -> None:
    before = sorted((study.parent / "results" / "runs").iterdir())
    ended = harness("run", "--reuse", "same-study", study=study)
    assert ended.exit_code == 0, ended.output
    assert sorted((study.parent / "results" / "runs").iterdir()) == before
    assert of_other_code(ended.stderr) == 4
    # What was taken stays what the study has, for those that read it.
    assert harness("report", study=study).exit_code == 0
    assert states(study, reuse=Reuse.IDENTICAL) == ["changed code of harness"] * 4


def test_results_of_other_code_are_archived(study: Path) -> None:
    file = study.parent / "sent.zip"
    archived = harness("archive", "-o", file, study=study)
    assert archived.exit_code == 0, archived.output
    assert of_other_code(archived.stderr) == 4
    assert f"{file}: 4 runs, " in archived.stdout


def test_results_of_other_code_are_challenged_and_said_to_be(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    challenged = challenged_study(study, out=study.parent / "results")
    assert of_other_code(capsys.readouterr().err) == 4
    (verdict,) = [row["verdict"] for row in challenged.findings if row["role"] == "primary"]
    assert verdict == "inconclusive"
    assert challenged.fresh_seeds(None) == (3, 4)
