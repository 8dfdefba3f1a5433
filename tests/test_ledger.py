from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.contracts import Measurement
from harness.errors import HarnessError
from harness.ledger import Hypothesis, Ledger, read_json, write_hypotheses, write_json


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path)
    ledger.add("d1", run={"identity": 1}, evaluation="e1", decoding={"split": "test"})
    return ledger


def test_a_run_is_entered_once_and_never_changes(ledger: Ledger) -> None:
    ledger.add("d1", run={"identity": 2}, evaluation="e2", decoding={"split": "test"})
    assert ledger.specification("d1") == {"identity": 1}
    assert {each.name for each in (ledger.run("d1") / "evaluations").iterdir()} == {"e1", "e2"}


def test_nothing_is_known_of_a_run_that_was_not_entered(ledger: Ledger) -> None:
    assert ledger.specification("d2") is None
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


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", value={"a": 1})
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "a.json", value={"a": float("nan")})
    assert read_json(tmp_path / "a.json") == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"identity"')
    with pytest.raises(HarnessError, match=r"run\.json: damaged"):
        read_json(tmp_path / "run.json")
