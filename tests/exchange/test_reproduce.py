"""A finished run trained again is compared to the last digit, whatever the environment."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.answers import answer

from harness.cli import main
from harness.exchange.differences import _compare
from harness.exchange.environment import choice_changes, environment_changes
from harness.runs import records
from harness.runs.identity import digest
from harness.runs.ledger import MEASUREMENTS, Ledger
from harness.runs.records import DecodingIdentity, RunIdentity


def reproduce(*words: object) -> Result:
    return CliRunner().invoke(main, ["reproduce", *map(str, words)])


def run_of(study: Path, variant: str) -> Path:
    """The folder of a variant's run of the first seed."""
    out = study.parent / "results"
    rows = json.loads((out / "adapting" / "plan.json").read_text())["runs"]
    return next(out / "runs" / run for name, seed, run in rows if (name, seed) == (variant, 1))


def seal(run: Path, *, name: str, content: bytes) -> None:
    """Write a file of a run with its digest in the outcome beside it."""
    (run / name).write_bytes(content)
    record = json.loads((run / "outcome.json").read_text())
    for field in ("schema", "sha256"):
        record.pop(field)
    record["files"][name] = hashlib.sha256(content).hexdigest()
    records.write_record(run / "outcome.json", record=record)


def of_another_torch(run: Path) -> Path:
    """The run as if another torch had trained it and its start, and so under other names."""
    identity = records.require(run / "run.json", kind=RunIdentity)
    choices = dict(identity.experiment)
    if start := choices["starts_from"]:
        choices["starts_from"] = of_another_torch(run.with_name(start)).name
    code = {**identity.code, "harness": "0" * 16, "numpy": "0.1"}
    identity = replace(identity, experiment=choices, torch="1.0", code=code, parts=None)
    other = run.with_name(digest(identity.deciding()))
    shutil.copytree(run, other)
    records.write_record(other / "run.json", record=identity)
    names = []
    for folder in list(other.glob("evaluations/*")):
        decoding = records.require(folder / "evaluation.json", kind=DecodingIdentity)
        decoding = replace(decoding, training=other.name)
        records.write_record(folder / "evaluation.json", record=decoding)
        names.append(digest(asdict(decoding)))
        folder.rename(folder.with_name(names[-1]))
    location = replace(Ledger(run.parent).location(run.name), evaluations=tuple(names))
    records.write_record(other / "where.json", record=location)
    return other


def test_a_run_is_reproduced_with_the_start_that_it_has(study: Path) -> None:
    before = {path: path.read_bytes() for path in study.parent.rglob("*") if path.is_file()}
    done = reproduce(study, "--variant", "no-dropout", "--out", study.parent / "results")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    run = run_of(study, "no-dropout")
    measured = len(Ledger(run.parent).measurements(run.name))
    assert lines[0] == "environment: the same"
    assert f"measurements: {measured} equal" in lines
    assert "SHA-256 of the weights: 1 equal" in lines
    assert lines[-4].endswith(", scores: 4 equal")
    assert lines[-3].endswith(", translations: 4 equal")
    assert lines[-2].endswith(", scores of sentences: 4 equal")
    assert lines[-1] == f"{run.name[:12]}: reproduced to the last digit"
    after = {path: path.read_bytes() for path in study.parent.rglob("*") if path.is_file()}
    assert after == before, "it is left as it is"


def test_the_first_difference_is_named_with_its_place(study: Path) -> None:
    run = run_of(study, "baseline")
    rows = [json.loads(line) for line in (run / MEASUREMENTS).read_text().splitlines()]
    split, metric, value = rows[1][1][0]
    rows[1][1][0][2] = value + 2**-40
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    seal(run, name=MEASUREMENTS, content=content)
    done = reproduce(run)
    assert done.exit_code == 1
    place = f"update {rows[1][0]}, {split} {metric}"
    assert f"measurements: {place}: {value + 2**-40!r}, now {value!r}\n" in done.stdout
    assert done.stdout.endswith(f"{run.name[:12]}: differs in measurements\n")


def test_a_run_of_another_environment_is_trained_in_this_one(study: Path) -> None:
    other = of_another_torch(run_of(study, "baseline"))
    done = reproduce(other, "--json")
    assert done.exit_code == 0, done.output
    told = answer("reproduce", printed=done.stdout)
    torch = records.require(run_of(study, "baseline") / "run.json", kind=RunIdentity).torch
    first, second, *_ = told["environment"]
    assert (first, second) == (f"torch 1.0, now {torch}", "code of harness changed")
    assert "numpy 0.1, now absent" in told["environment"]
    (translated,) = (part for part in told["parts"] if part["name"].endswith("translations"))
    assert (translated["values"], translated["difference"]) == (4, None)
    assert (told["run"], told["reproduced"]) == (other.name, True)


@pytest.mark.parametrize("name", ["outcome.json", MEASUREMENTS])
def test_only_a_whole_run_is_reproduced(study: Path, name: str) -> None:
    run = run_of(study, "baseline")
    (run / name).write_bytes(b"other")
    refused = reproduce(run)
    assert refused.exit_code == 2
    assert f"{name} damaged; only a finished run can be reproduced" in refused.output


def test_a_measurement_too_many_is_a_difference() -> None:
    same = [("update 1, train loss", float("nan")), ("update 2, train loss", 0.5)]
    assert str(_compare("measurements", then=same, now=[*same])) == "measurements: 2 equal"
    part = _compare("measurements", then=same[:1], now=same)
    assert part.difference == "nothing more; now update 2, train loss: 0.5"
    part = _compare("measurements", then=same, now=same[1:])
    assert part.difference == "update 1, train loss: nan; now update 2, train loss: 0.5"


def test_changes_are_told_apart() -> None:
    then = RunIdentity(
        experiment={"loss": {"cross_entropy": {}}, "starts_from": "a" * 64},
        seed=1,
        code={"harness": "0" * 16, "scipy": "1.10"},
        torch="2.6",
    )
    now = replace(
        then,
        experiment={"loss": {"focal": {"gamma": 2.0}}, "starts_from": "b" * 64},
        code={"harness": "1" * 16, "scipy": "1.11"},
    )
    assert list(environment_changes(then, now=then)) == []
    assert list(environment_changes(then, now=now)) == [
        "code of harness changed",
        "scipy 1.10, now 1.11",
    ]
    assert list(choice_changes(then, now=now)) == [
        "loss {cross_entropy: {}}, now {focal: {gamma: 2.0}}"
    ]
