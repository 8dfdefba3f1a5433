"""Trackers that write files: what is there equals the ledger, in whatever pieces it was copied."""

from __future__ import annotations

import csv
import json
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.mlflow_ledger import UPDATES, Bench

from harness.components import Tracker
from harness.contracts import Finding
from harness.errors import HarnessError
from harness_trackers.csv import Csv
from harness_trackers.tensorboard import TensorBoard
from harness_trackers.wandb import Wandb

NLL = [(0, 4.0), (4, 3.6), (8, 3.2), (12, 2.8)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A results folder; a path of its own, as no database is needed."""
    return Bench(tmp_path / "out")


FOUND = Finding(
    variant="low-rate",
    metric="nll",
    split="test",
    role="primary",
    n=2,
    baseline_mean=3.5,
    variant_mean=3.75,
    difference=0.25,
    interval_low=0.0,
    interval_high=0.5,
    p=0.04,
    p_adjusted=0.04,
    p_sign_flip=0.5,
    p_floor=0.5,
    higher_is_better=False,
    verdict="worse",
    reason="because",
    per_seed=(),
)


def copy(bench: Bench, tracker: Tracker) -> None:
    """Copy with a new tracker, as a new process would."""
    tracker.build(out=bench.out).sync(bench.study, bench.ledger)


def whole(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def curve(bench: Bench) -> list[tuple[int, float]]:
    """The validation curve of the first run, as its CSV file has it."""
    table = rows(bench.out / "csv" / "tiny" / "curves" / "baseline-1-b1.csv")
    kept = [row for row in table if (row["split"], row["metric"]) == ("validation", "nll")]
    return [(int(row["update"]), float(row["value"])) for row in kept]


def events(bench: Bench, run: str = "baseline-1-b1") -> Any:
    """A run as TensorBoard's own reader has it."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    made = accumulator.EventAccumulator(str(bench.out / "tensorboard" / "tiny" / run))
    return made.Reload()


def scalars(read: Any, tag: str) -> list[tuple[int, float]]:
    return [(event.step, round(event.value, 5)) for event in read.Scalars(tag)]


# --- csv ----------------------------------------------------------------------------------------


def test_tables_have_runs_with_their_statuses_options_and_scores(bench: Bench) -> None:
    whole(bench)
    copy(bench, Csv())
    table = rows(bench.out / "csv" / "tiny" / "runs.csv")
    assert len(table) == 4
    assert table[0] == {
        "variant": "baseline",
        "seed": "1",
        "run": "b1",
        "status": "finished",
        "updates": "12",
        "reason": "",
        "schedule": "baseline",
        "final/nll": "3.1",
    }
    assert curve(bench) == NLL


def test_a_table_has_the_verdicts_once_there_is_a_report(bench: Bench) -> None:
    whole(bench)
    copy(bench, Csv())
    assert not (bench.out / "csv" / "tiny" / "findings.csv").exists()
    bench.findings = (FOUND,)
    copy(bench, Csv())
    (row,) = rows(bench.out / "csv" / "tiny" / "findings.csv")
    assert (row["variant"], row["verdict"], row["difference"]) == ("low-rate", "worse", "0.25")


# --- both that append ---------------------------------------------------------------------------


@pytest.mark.parametrize("tracker", [Csv(), TensorBoard()], ids=lambda tracker: tracker.name)
def test_a_copy_that_was_killed_in_the_middle_goes_on_where_it_was(
    tracker: Tracker, bench: Bench
) -> None:
    bench.go(until=5)
    copy(bench, tracker)
    folder = bench.out / tracker.name / "tiny"
    (file,) = [*folder.glob("curves/baseline-1-b1.csv"), *folder.glob("baseline-1-b1/*tfevents*")]
    with file.open("ab") as appended:
        appended.write(file.read_bytes()[-40:])  # of a process that got no further
    whole(bench)
    copy(bench, tracker)
    copy(bench, tracker)
    read = curve(bench) if tracker.name == "csv" else scalars(events(bench), "validation/nll")
    assert read == NLL


@pytest.mark.parametrize("tracker", [Csv(), TensorBoard()], ids=lambda tracker: tracker.name)
@pytest.mark.parametrize("lost", ["a file", "the state"])
def test_what_was_deleted_is_copied_again_and_nothing_twice(
    tracker: Tracker, lost: str, bench: Bench
) -> None:
    bench.go(until=6)
    copy(bench, tracker)
    folder = bench.out / tracker.name / "tiny"
    if lost == "a file":
        for file in [*folder.glob("curves/*"), *folder.glob("*/*tfevents*")]:
            file.unlink()
    else:
        (folder / ".copied.json").write_text("{")
    whole(bench)
    copy(bench, tracker)
    read = curve(bench) if tracker.name == "csv" else scalars(events(bench), "validation/nll")
    assert read == NLL


# --- tensorboard --------------------------------------------------------------------------------


def test_tensorboard_reads_curves_final_scores_options_and_the_status(bench: Bench) -> None:
    whole(bench)
    copy(bench, TensorBoard())
    read = events(bench)
    assert scalars(read, "validation/nll") == NLL
    assert len(read.Scalars("train/loss")) == UPDATES + 1
    assert scalars(read, "final/nll") == [(12, 3.1)]
    data = pytest.importorskip("tensorboard.plugins.hparams.plugin_data_pb2")
    sessions = read.summary_metadata
    started, ended = (
        data.HParamsPluginData.FromString(sessions[tag].plugin_data.content)
        for tag in ("_hparams_/session_start_info", "_hparams_/session_end_info")
    )
    assert started.session_start_info.hparams["schedule"].string_value == "baseline"
    assert ended.session_end_info.status == 1  # STATUS_SUCCESS


def test_tensorboard_shows_a_failed_run_and_why_it_failed(bench: Bench) -> None:
    bench.go(until=6)
    bench.end(status="failed", reason="no space left")
    copy(bench, TensorBoard())
    read = events(bench)
    (outcome,) = read.Tensors("outcome")
    assert outcome.tensor_proto.string_val == [b"failed: no space left"]
    data = pytest.importorskip("tensorboard.plugins.hparams.plugin_data_pb2")
    content = read.summary_metadata["_hparams_/session_end_info"].plugin_data.content
    assert data.HParamsPluginData.FromString(content).session_end_info.status == 2  # FAILURE


def test_tensorboard_has_the_answer_once_there_is_one(bench: Bench) -> None:
    whole(bench)
    bench.summary = "**Does it?** It does."
    copy(bench, TensorBoard())
    copy(bench, TensorBoard())
    (answer,) = events(bench, "study").Tensors("answer")
    assert answer.tensor_proto.string_val == [b"**Does it?** It does."]


# --- wandb --------------------------------------------------------------------------------------


def records(path: Path) -> Iterator[Any]:
    """The records of an offline run: LevelDB's log of blocks, each record a protocol buffer."""
    internal = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    data, place, parts = path.read_bytes(), 7, b""
    assert data[:4] == b":W&B"
    while place + 7 <= len(data):
        if (left := 32768 - place % 32768) < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in {1, 4}:  # a whole record, or the last part of one
            yield internal.Record.FromString(parts)
            parts = b""


def offline_runs(out: Path) -> dict[str, dict[str, Any]]:
    """Every offline run by its name: config, history by key, summary and exit status."""
    runs: dict[str, dict[str, Any]] = {}
    for path in sorted((out / "wandb").glob("offline-run-*/*.wandb")):
        read: dict[str, Any] = {"config": {}, "history": {}, "summary": {}}
        name = ""
        for record in records(path):
            kind = record.WhichOneof("record_type")
            if kind == "run" and record.run.display_name:
                name, read["group"] = record.run.display_name, record.run.run_group
                read["notes"] = record.run.notes
            if kind == "run":
                for item in record.run.config.update:
                    read["config"][item.key] = json.loads(item.value_json)
            if kind == "history":
                step = record.history.step.num
                for item in record.history.item:
                    key = item.key or "/".join(item.nested_key)
                    read["history"].setdefault(key, []).append((step, json.loads(item.value_json)))
            if kind == "summary":
                for item in record.summary.update:
                    key = item.key or "/".join(item.nested_key)
                    read["summary"][key] = json.loads(item.value_json)
            if kind == "exit":
                read["exit"] = record.exit.exit_code
        assert name not in runs, "a run occurs twice"
        runs[name] = read
    return runs


def test_wandb_has_every_run_that_ended_and_the_verdicts_once_each(bench: Bench) -> None:
    pytest.importorskip("wandb", reason="wandb is not here: pip install wandb")
    bench.go(until=6)
    # A process that was killed while it wrote the first run, and an ending of all.
    copy(bench, Wandb())
    interrupted = offline_runs(bench.out)["baseline, seed 1"]
    assert (interrupted["exit"], interrupted["summary"]["outcome"]) == (1, "interrupted")
    whole(bench)
    bench.summary = "**Does it?** It does."
    bench.findings = (FOUND,)
    copy(bench, Wandb())
    runs = offline_runs(bench.out)
    assert {*runs} == {
        *(f"{variant}, seed {seed}" for variant in ("baseline", "low-rate") for seed in (1, 2)),
        "study tiny",
    }
    first = runs["baseline, seed 1"]
    assert first["history"]["validation/nll"] == NLL
    assert len(first["history"]["train/loss"]) == UPDATES + 1
    assert (first["summary"]["final/nll"], first["summary"]["outcome"]) == (3.1, "finished")
    assert (first["config"]["schedule"], first["group"], first["exit"]) == ("baseline",) * 2 + (0,)
    assert runs["study tiny"]["summary"]["verdict/low-rate"] == "worse"
    assert runs["study tiny"]["notes"] == "**Does it?** It does."


# --- without the library ------------------------------------------------------------------------


@pytest.mark.parametrize("tracker", [TensorBoard(), Wandb()], ids=lambda tracker: tracker.name)
def test_a_missing_library_is_one_line_with_the_way_out(
    tracker: Tracker, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == tracker.name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, tracker.name, None)
    whole(bench)
    with pytest.raises(HarnessError, match=rf"transformer-harness\[{tracker.name}\]"):
        copy(bench, tracker)


def test_studies_that_share_a_run_have_one_each(bench: Bench) -> None:
    pytest.importorskip("wandb", reason="wandb is not here: pip install wandb")
    whole(bench)
    study = replace(bench.study, runs=bench.study.runs[:1])
    for name in ("tiny", "other"):
        shared = replace(study, name=name, path=bench.out / name)
        Wandb().build(out=bench.out).sync(shared, bench.ledger)
    assert len([*(bench.out / "wandb").glob("offline-run-*")]) == 2
