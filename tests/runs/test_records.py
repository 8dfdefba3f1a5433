from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from harness.contracts import Evaluation, Score, TrainingOutcome
from harness.errors import HarnessError
from harness.runs import records
from harness.runs.identity import digest
from harness.runs.inspections import PlanEntry
from harness.runs.ledger import Ledger
from harness.runs.records import (
    SCHEMA,
    DecodingIdentity,
    RunIdentity,
    RunLocation,
    SentenceInfluence,
    SentenceSums,
    StoredPlan,
)

CODE = {"harness": "a" * 16, "numpy": "2"}
RECORDS: list[Any] = [
    RunIdentity(experiment={"loss": {"cross_entropy": {}}, "n": 0}, seed=3, code=CODE, torch="2"),
    DecodingIdentity(training="d1", generation={"beam": {"size": 4}}, split="test", code=CODE),
    RunLocation(),
    RunLocation(files={"sha256:1": "ä.de"}, plugins=("b.py",), evaluations=("e1", "e2")),
    TrainingOutcome(status="failed", reason="killed by SIGKILL"),
    TrainingOutcome(
        status="finished",
        updates=12,
        resumed_after=0,
        seconds=1.5,
        parameters=7,
        trained_parameters=0,
        shapes={"a.weight": (2, 3), "b": ()},
        initial_weights={"a.weight": "0" * 16, "b": "1" * 16},
        order=("2" * 16,),
    ),
    Evaluation(scores={"nll": 0.1 + 0.2, "perplexity": None}, sentences=0),
    Evaluation(scores={}, sentences=2, tokens="t", references="r", seconds=0.0),
    SentenceSums(nats=(5e-324, 1.7976931348623157e308), right=(1.0, 0.0), tokens=(2.0, 2.0)),
    SentenceInfluence(),
    SentenceInfluence(statistics=[[1, 2]], influence=(0.5, -0.5), resampled=(1 / 3,)),
    StoredPlan(study="/a/b.yaml", runs=(("baseline", 1, "d1"), ("lora", 2, "d2"))),
]


def names(record: object) -> str:
    return type(record).__name__


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_record_is_read_as_it_was_written(record: Any, tmp_path: Path) -> None:
    for write in (records.write_record, records.write_rows):
        write(tmp_path / "a.json", record=record)
        assert next(iter(json.loads((tmp_path / "a.json").read_text()))) == "schema"
        for read in (records.read, records.read_valid, records.require):
            assert read(tmp_path / "a.json", kind=type(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_file_without_a_schema_and_with_more_keys_is_read(record: Any, tmp_path: Path) -> None:
    value = records.content(record) | {"another": [1]}
    del value["schema"]
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert records.read(tmp_path / "a.json", kind=type(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=names)
@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_seen_wherever_it_is(record: Any, bit: int, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    records.write_record(path, record=record)
    content = path.read_bytes()
    for place in range(len(content)):
        flipped = bytes([content[place] ^ 1 << bit])
        path.write_bytes(content[:place] + flipped + content[place + 1 :])
        assert records.read_valid(path, kind=type(record)) is None, (place, flipped)


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_file_of_a_later_schema_is_refused_in_one_line(record: Any, tmp_path: Path) -> None:
    later = records.content(record) | {"schema": SCHEMA + 1}
    (tmp_path / "a.json").write_text(json.dumps(later))
    for read in (records.read, records.read_valid, records.require):
        with pytest.raises(HarnessError) as refused:
            read(tmp_path / "a.json", kind=type(record))
        assert str(refused.value) == (
            f"{tmp_path}/a.json: written by a later version (schema 2, this one reads up to 1); "
            "upgrade transformer-harness"
        )
    # ... which holds for one whose fields are others, too.
    (tmp_path / "a.json").write_text(json.dumps({"schema": SCHEMA + 1}))
    with pytest.raises(HarnessError, match="upgrade"):
        records.read_valid(tmp_path / "a.json", kind=type(record))


@pytest.mark.parametrize(
    "damaged",
    ["{", "", "[]", "3", '{"status": "well"}', '{"status": "failed", "schema": "x"}', "\xff"],
)
def test_a_damaged_file_is_named_or_none(damaged: str, tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    path.write_bytes(damaged.encode("latin-1"))
    assert records.read_valid(path, kind=TrainingOutcome) is None
    with pytest.raises(HarnessError, match=r"outcome\.json: damaged \(.*\); delete") as named:
        records.read(path, kind=TrainingOutcome)
    assert "\n" not in str(named.value)
    with pytest.raises(HarnessError, match=r"outcome\.json: missing or damaged; `harness run`"):
        records.require(path, kind=TrainingOutcome)


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    assert records.read(path, kind=TrainingOutcome) is None
    assert records.read_valid(path, kind=TrainingOutcome) is None
    with pytest.raises(HarnessError, match=r"outcome\.json: missing"):
        records.require(path, kind=TrainingOutcome)


def test_mappings_of_records_and_lines_keep_their_keys(tmp_path: Path) -> None:
    scores = {"0123456789abcdef": Score(21.5, "bleu|v2"), "f": Score(-0.0, "")}
    records.write_record(tmp_path / "scores.json", record=scores)
    assert records.read(tmp_path / "scores.json", kind=dict[str, Score]) == scores
    influence = {"a": SentenceInfluence(influence=(1.0,), resampled=()), "b": SentenceInfluence()}
    records.write_rows(tmp_path / "sentences.json", record=influence)
    assert records.read(tmp_path / "sentences.json", kind=dict[str, SentenceInfluence]) == influence
    seen = PlanEntry("2026-01-01T00:00:00+00:00", "nll", ["nll"], {"baseline": {"1": "e1"}})
    line = json.loads(records.line(seen))
    assert line["schema"] == SCHEMA
    assert records.parse(line, kind=PlanEntry, path=tmp_path) == seen


def test_every_bit_of_a_score_survives(tmp_path: Path) -> None:
    words = random.Random(7)
    values = [struct.unpack("d", words.randbytes(8))[0] for _ in range(2000)]
    scores = {str(index): value for index, value in enumerate(values) if abs(value) < 1e308}
    records.write_record(tmp_path / "a.json", record=Evaluation(scores=scores, sentences=0))
    again = records.read(tmp_path / "a.json", kind=Evaluation)
    assert again is not None
    assert {name: struct.pack("d", value) for name, value in again.scores.items()} == {
        name: struct.pack("d", value) for name, value in scores.items()
    }


def test_the_digest_of_a_run_does_not_depend_on_the_schema_of_its_file(tmp_path: Path) -> None:
    identity = {"experiment": {"loss": {}}, "seed": 1, "code": CODE, "torch": "2"}
    ledger, name = Ledger(tmp_path), digest(identity)
    (tmp_path / name).mkdir()
    file = tmp_path / name / "run.json"
    file.write_text(json.dumps(identity))  # as the first version wrote it
    written = file.stat().st_mtime_ns
    record = RunIdentity(**identity)
    ledger.request(name, identity=record, decodings={}, location=RunLocation())
    assert ledger.identity(name) == record
    assert file.stat().st_mtime_ns == written, "an earlier run.json is as good, and never changes"
    records.write_record(file, record=record)
    stored = json.loads(file.read_text())
    assert stored.pop("schema") == SCHEMA
    assert stored.pop("sha256")
    assert digest(stored) == name


def test_a_run_of_a_later_version_is_not_written_over(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    (tmp_path / "d1").mkdir()
    later = '{"schema": 2, "experiment": []}'
    for file in ("run.json", "outcome.json"):
        (tmp_path / "d1" / file).write_text(later)
    identity = RunIdentity(experiment={}, seed=1, code={}, torch="")
    with pytest.raises(HarnessError, match=r"d1/run\.json: written by a later version"):
        ledger.request("d1", identity=identity, decodings={}, location=RunLocation())
    with pytest.raises(HarnessError, match=r"d1/outcome\.json: written by a later version"):
        ledger.outcome("d1")
    assert (tmp_path / "d1" / "run.json").read_text() == later


def test_seconds_per_update_count_the_updates_of_the_last_process() -> None:
    outcome = TrainingOutcome(status="finished", updates=12, resumed_after=8, seconds=2.0)
    assert outcome.seconds_per_update == 0.5
    resumed = TrainingOutcome(status="finished", updates=12, resumed_after=12, seconds=2.0)
    assert resumed.seconds_per_update is None
    assert TrainingOutcome(status="failed", reason="x").seconds_per_update is None
