"""What commands print with ``--json``: one object on standard output, of the shape that is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result
from support.answers import answer
from support.tiny_study import TINY

from harness.cli import exit_status, main
from harness.cli.answer_schema import answer_schema
from harness.cli.answers import ANSWERS

SENTENCE = "ein hund schläft ."


def harness(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def told(command: str, *words: object, status: int = 0) -> Any:
    done = harness(*command.split(), *words, "--json")
    assert done.exit_code == status, done.output
    return answer(command, printed=done.stdout)


@pytest.fixture
def study(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The study with a finished run, named as somebody in its folder names it."""
    # A copy, as some of these commands write.
    monkeypatch.chdir(shutil.copytree(finished, tmp_path / "project"))
    return "tiny.yaml"


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from commands(child, f"{name} {child.name}".strip())
    else:
        yield name, command


@pytest.mark.parametrize("name", dict(commands(main)))
def test_every_command_answers_in_json_and_has_a_shape(name: str) -> None:
    command = dict(commands(main))[name]
    assert any("--json" in option.opts for option in command.params)
    shape = "figure" if name.startswith("figure ") else name
    if name != "schema":  # which prints a schema
        jsonschema.Draft202012Validator.check_schema(answer_schema(shape))


def test_there_is_no_shape_of_anything_else() -> None:
    names = {name for name, _ in commands(main)}
    assert {shape for shape in ANSWERS if shape != "figure"} <= names
    refused = harness("schema", "--of", "rum", "--json")
    (fault,) = answer("validate", printed=refused.stdout)["faults"]
    assert fault["message"].endswith("did you mean 'run'?")
    assert json.loads(harness("schema", "--of", "run").stdout) == answer_schema("run")


def test_a_shape_refuses_what_it_does_not_have(study: str) -> None:
    plan = told("plan", study)
    for wrong in ({**plan, "more": 1}, {**plan, "runs": [{}]}, {**plan, "warnings": [1]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, answer_schema("plan"))
    del plan["plan"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plan, answer_schema("plan"))


def test_what_is_planned_and_found(study: str) -> None:
    assert told("validate", study) == {"faults": []}
    plan = told("plan", study)
    assert [run["exists"] for run in plan["runs"]] == [True, False, False, False]
    assert plan["variants"]["no-dropout"]["changes"][0]["variant"] == "none"
    report = told("report", study)
    assert (report["study"], report["failed"], report["remaining"]) == ("tiny", [], [])
    findings = told("export", study)["findings"]
    filed = json.loads(Path("results", "tiny", "findings.json").read_text())
    assert findings == report["findings"] == filed
    told("sync", study)


def test_scores_and_curves_are_those_of_the_tables(study: str) -> None:
    for option, name in (("--runs", "scores"), ("--curves", "curves")):
        header, *rows = harness("export", study, option).stdout.splitlines()
        entries = told("export", study, option)[name]
        assert header.split(",") == [*entries[0]]
        assert [row.split(",") for row in rows] == [
            ["" if cell is None else str(cell) for cell in entry.values()] for entry in entries
        ]


def test_what_a_model_writes(study: str, tmp_path: Path) -> None:
    (line,) = told("generate", study, SENTENCE)["translations"]
    assert line["source"] == SENTENCE
    (line,) = told("generate", study, SENTENCE, "--trace", "--reference", "a dog")["translations"]
    assert line["gold"] == ["a", "dog", "<eos>"]
    exported = told("export", study, "--weights", tmp_path / "model")
    assert exported["written"]
    picture = tmp_path / "bias.png"
    drawn = told(["figure", "exposure_bias"][0], "exposure_bias", study, "--picture", picture)
    assert [*drawn["numbers"]] == ["exposure_bias"]


def test_what_lies_in_a_folder(study: str, tmp_path: Path) -> None:
    run = told("plan", study)["runs"][0]["digest"]
    listed = told("list")
    assert [(entry["digest"], entry["state"]) for entry in listed["runs"]] == [(run, "finished")]
    assert told("check") == {"folder": "results", "damage": []}
    merged = told("merge", "results", "--into", tmp_path / "there")
    assert [entry["fate"] for entry in merged["runs"]] == ["added"]
    (tmp_path / "there" / "runs" / run / "outcome.json").write_text("{}")
    (damaged,) = told("check", "--out", tmp_path / "there", status=1)["damage"]
    assert not damaged["can_be_mended"] or damaged["line"].startswith(damaged["path"])
    file = tmp_path / "tiny.zip"
    archived = told("archive", study, "-o", file)
    assert (archived["path"], archived["runs"]) == (str(file), 1)
    assert archived["size"] == file.stat().st_size
    assert told("report", file)["folder"] is None


def test_what_is_written_removed_and_offered(tmp_path: Path) -> None:
    written = told("new study", "first", "--folder", tmp_path)["files"]
    assert written == [str(tmp_path / "first.yaml")]
    files = told("new plugin", "a", "--folder", tmp_path)["files"]
    assert all(Path(file).exists() for file in files)
    results = tmp_path / "results"
    (results / "runs" / ("f" * 64)).mkdir(parents=True)
    cleaned = told("clean", results)
    assert (cleaned["runs"], cleaned["removed"]) == (["f" * 64], False)
    assert told("clean", results, "--yes")["removed"]
    assert told("clean", results, "--yes")["runs"] == []
    offered = told("plugins", "loss")
    assert {entry["slot"] for entry in offered["components"]} == {"loss"}
    drawn = told("figure", "decays", "--picture", tmp_path / "decays.svg")
    assert Path(drawn["picture"]).exists()


def test_scores_of_others_are_compared(tmp_path: Path) -> None:
    scores = tmp_path / "scores.csv"
    gains = {"baseline": 0, "b": 2}
    rows = [f"{name},{seed},bleu,{seed + gains[name]}\n" for name in gains for seed in (1, 2, 3)]
    scores.write_text(f"variant,seed,metric,value\n{''.join(rows)}")
    assert told("compare", "--from-csv", scores)["findings"][0]["difference"] == 2


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["plan"], "Missing argument 'STUDY'."),
        (["plan", "tiny.yaml", "--jobs", "none"], "Invalid value for '--jobs'"),
        (["compare"], "nothing to compare"),
        (["report", "tiny.yaml", "--seeds", "1", "--into", "x"], "--into goes with an archive"),
        (["generate", "nothing"], "nothing"),
        (["ui", "tiny.yaml", "--no-open"], "tracker"),
        (["check", "--out", "missing"], "missing"),
    ],
)
def test_a_fault_is_an_object_too(study: str, words: list[str], fault: str) -> None:
    done = harness(*words, "--json")
    assert done.exit_code == exit_status.FAULT
    (entry,) = answer("validate", printed=done.stdout)["faults"]
    assert fault in entry["message"]
    assert (entry["place"], entry["severity"]) == (None, "fault")
    # Without --json, standard output has nothing.
    assert harness(*words).stdout == ""


def test_faults_of_a_study_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("adam", "adamm").replace("xavier_uniform", "xavier"))
    for command in ("validate", "plan", "run"):
        done = harness(command, path, "--json")
        faults = answer("validate", printed=done.stdout)["faults"]
        assert [fault["place"] for fault in faults] == [f"{path}:7:16", f"{path}:10:14"]
        assert done.exit_code == exit_status.FAULT


def test_a_sentence_may_be_called_like_the_option(study: str) -> None:
    done = harness("generate", study, "--seed", "1", "--", "--json")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    refused = harness("generate", "nothing", "--", "--json")
    assert refused.stdout == ""
