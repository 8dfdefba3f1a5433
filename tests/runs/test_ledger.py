from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.contracts import Measurement
from harness.errors import HarnessError
from harness.files import write_json
from harness.runs import records
from harness.runs.ledger import Hypothesis, Ledger, write_hypotheses
from harness.runs.records import DecodingIdentity, RunIdentity, RunLocation

IDENTITY = RunIdentity(
    experiment={"budget": {"updates": 3}}, seed=1, code={"harness": "0"}, torch="2"
)
DECODING = DecodingIdentity(
    training="d1", generation={"greedy": {"extra": 3}}, split="test", code={}
)
LOCATION = RunLocation(
    files={"sha256:1": "/data/a.de"}, plugins=("/data/b.py",), generation="greedy"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path)
    request(ledger, "e1")
    return ledger


def request(ledger: Ledger, *names: str, location: RunLocation = LOCATION) -> None:
    ledger.request(
        "d1", identity=IDENTITY, decodings=dict.fromkeys(names, DECODING), location=location
    )


def test_another_decoding_of_a_run_can_be_requested(ledger: Ledger) -> None:
    entered = (ledger.run("d1") / "run.json").stat().st_mtime_ns
    moved = replace(LOCATION, files={"sha256:1": "/data/b.de"})
    request(ledger, "e2", location=moved)
    assert ledger.identity("d1") == IDENTITY
    assert (ledger.run("d1") / "run.json").stat().st_mtime_ns == entered
    assert ledger.location("d1") == replace(moved, evaluations=("e2",))
    assert ledger.decoding("d1", evaluation="e2") == DECODING
    assert {folder.name for folder in (ledger.run("d1") / "evaluations").iterdir()} == {"e1", "e2"}


def test_nothing_is_known_of_a_run_that_was_not_requested(ledger: Ledger) -> None:
    assert ledger.identity("d2") is None
    assert ledger.outcome("d2") is None
    assert ledger.evaluated("d2", evaluation="e1") is None
    assert ledger.measurements("d2") == []
    assert ledger.updates("d2") == 0


def test_a_half_written_line_is_not_read(ledger: Ledger) -> None:
    lines = [json.dumps([n, [["train", "loss", n / 2]]]) for n in range(3)]
    file = ledger.run("d1") / "measurements.jsonl"
    file.write_text("\n".join(lines))
    assert ledger.measurements("d1") == [
        Measurement(0, "train", "loss", 0.0),
        Measurement(1, "train", "loss", 0.5),
    ]
    assert ledger.updates("d1") == 1
    file.write_text("\n".join(lines) + "\n")
    assert ledger.updates("d1") == 2


def test_the_last_update_is_found_at_the_end_of_a_long_file(ledger: Ledger) -> None:
    lines = [json.dumps([n, [["train", "loss", 0.1]]]) + "\n" for n in range(5000)]
    (ledger.run("d1") / "measurements.jsonl").write_text("".join(lines) + '[5000, [["tra')
    assert ledger.updates("d1") == 4999


def test_hypotheses_keep_every_character(ledger: Ledger) -> None:
    kept = [Hypothesis("Straße\u2028", 'a "b"\\', "\x85 \U0001f600"), Hypothesis("", "", "")]
    write_hypotheses(ledger.evaluation("d1", evaluation="e1"), hypotheses=kept)
    assert ledger.hypotheses("d1", evaluation="e1") == kept


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", value={"a": 1})
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "a.json", value={"a": float("nan")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"identity"')
    with pytest.raises(HarnessError, match=r"run\.json: damaged"):
        records.read(tmp_path / "run.json", kind=RunIdentity)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}"])
def test_a_damaged_run_counts_as_missing(ledger: Ledger, damage: str) -> None:
    for file in ("run.json", "outcome.json", "evaluations/e1/outcome.json"):
        (ledger.run("d1") / file).write_text(damage)
    assert not ledger.identity("d1")
    assert ledger.outcome("d1") is None
    assert ledger.evaluated("d1", evaluation="e1") is None
    request(ledger, "e1")
    assert ledger.identity("d1") == IDENTITY


def test_a_decoding_is_complete_only_with_every_hypothesis(ledger: Ledger) -> None:
    folder = ledger.evaluation("d1", evaluation="e1")
    write_json(folder / "outcome.json", value={"scores": {"nll": 1.0}, "sentences": 2})
    assert ledger.evaluated("d1", evaluation="e1") is None
    write_hypotheses(folder, hypotheses=[Hypothesis("a", "b", "c")] * 2)
    assert ledger.evaluated("d1", evaluation="e1")
