"""What MLflow shows is what the ledger says, however often and whenever it is copied."""

from __future__ import annotations

import fcntl
import math
import socket
import time
from pathlib import Path

import pytest
from support.mlflow_ledger import UPDATES, Bench, contents, fresh

from harness.contracts import Measurement
from harness.errors import HarnessError
from harness_trackers.mlflow.component import Mlflow
from harness_trackers.mlflow.facts import points
from harness_trackers.mlflow.store import connect

# What MLflow does with its own dependencies is its business.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FIRST = "baseline, seed 1 b1"


def test_a_run_has_its_curves_scores_options_and_tags(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    status, options, tags, curves = contents(bench.uri)[FIRST]
    assert (status, options) == ("FINISHED", {"schedule": "baseline"})
    assert tags.pop("harness.key")
    assert tags == {
        "study": "tiny",
        "variant": "baseline",
        "seed": "1",
        "digest": "b1",
        "outcome": "finished",
        "harness.kind": "run",
        "harness.current": "true",
    }
    assert [(step, value) for step, value, _ in curves["validation/nll"]] == [
        (0, 4.0),
        (4, 3.6),
        (8, 3.2),
        (12, 2.8),
    ]
    assert len(curves["train/loss"]) == UPDATES + 1
    assert [(step, value) for step, value, _ in curves["final/nll"]] == [(12, 3.1)]


def test_copying_twice_adds_nothing_even_when_all_memory_of_it_is_lost(bench: Bench) -> None:
    bench.go(until=7)
    bench.sync()
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    once = contents(bench.uri)
    bench.sync()
    assert contents(bench.uri) == once
    (bench.out / "tiny" / "mlflow.json").unlink()
    bench.sync()
    assert contents(bench.uri) == once


def test_copying_as_runs_go_on_ends_where_copying_at_the_end_does(
    bench: Bench, tmp_path: Path, database: Path
) -> None:
    later = fresh(tmp_path / "later", database=database)
    for until in (0, 5, 9, UPDATES):
        bench.go(until=until)
        bench.sync()
    bench.end()
    bench.sync()
    later.go(until=UPDATES)
    later.end()
    later.sync()
    assert contents(later.uri) == contents(bench.uri)


def test_when_nothing_is_new_no_store_is_opened(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    page = Mlflow(uri=bench.uri).build(out=bench.out)
    page.sync(bench.study, bench.ledger)
    assert page._store is None


def test_a_lost_database_is_filled_again(bench: Bench, database: Path) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    once = contents(bench.uri)
    (bench.out / "mlflow.db").write_bytes(database.read_bytes())
    (bench.out / "tiny" / "report.md").write_text("found")
    bench.summary = "Found."
    bench.sync()
    found = contents(bench.uri)
    assert {name: found[name] for name in once} == once


def test_a_superseded_run_stays_and_is_no_longer_current(bench: Bench) -> None:
    bench.go(until=5)
    bench.sync()
    bench.digests["baseline"] = "x"
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    found = contents(bench.uri)
    old = {name for name, run in found.items() if run[2].get("harness.current") == "false"}
    assert old == {FIRST, "baseline, seed 2 b2"}
    bench.digests["baseline"] = "b"
    bench.sync()
    found = contents(bench.uri)
    assert found[FIRST][2]["harness.current"] == "true"
    assert found["baseline, seed 1 x1"][2]["harness.current"] == "false"


@pytest.mark.parametrize(
    ("outcome", "status", "tag"),
    [
        ({"status": "finished"}, "FINISHED", "finished"),
        ({"status": "diverged", "reason": "loss inf"}, "FINISHED", "diverged"),
        ({"status": "failed", "reason": "killed by SIGKILL"}, "FAILED", "failed"),
        (None, "KILLED", "interrupted"),
    ],
)
def test_how_a_run_ended_is_its_status(
    bench: Bench, outcome: dict[str, str] | None, status: str, tag: str
) -> None:
    bench.go(until=5)
    if outcome:
        bench.end(**outcome)
    bench.sync()
    found = contents(bench.uri)[FIRST]
    assert (found[0], found[2]["outcome"]) == (status, tag)
    assert found[2].get("reason") == (outcome or {}).get("reason")


def test_nothing_stays_running_when_its_process_is_gone(bench: Bench) -> None:
    bench.go(until=5)
    locks = [(run.path / "lock").open("w") for run in bench.study.runs]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX)
    bench.sync()
    statuses = {name: run[0] for name, run in contents(bench.uri).items()}
    assert statuses.pop("study tiny") == "FINISHED"
    assert set(statuses.values()) == {"RUNNING"}
    for lock in locks:
        lock.close()
    bench.digests["baseline"] = "x"  # and what is superseded is no exception
    bench.sync()
    assert {run[0] for run in contents(bench.uri).values()} == {"KILLED", "FINISHED"}


def test_what_was_found_stands_in_the_description_and_beside_its_files(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    folder = bench.out / "tiny"
    (folder / "report.md").write_text("# tiny")
    bench.summary = "**Does it?** It does."
    bench.sync()
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment.tags["mlflow.note.content"] == "**Does it?** It does."
    assert experiment.artifact_location.startswith(bench.out.as_uri())
    (study,) = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'study'")
    held = {each.path for each in client.list_artifacts(study.info.run_id)}
    assert held == {"report.md", "study.json"}


def test_runs_say_which_sentences_they_learned_from(bench: Bench) -> None:
    bench.go(until=1)
    bench.sync()
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    (run, *_) = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'run'")
    ((given,),) = [client.get_run(run.info.run_id).inputs.dataset_inputs]
    assert (given.dataset.name, given.dataset.digest) == ("counting", "d" * 36)


def measured(updates: int) -> list[Measurement]:
    return [Measurement(update, "train", "loss", 1.0) for update in range(1, updates + 1)]


def test_a_long_curve_keeps_some_hundreds_of_points_its_ends_among_them() -> None:
    steps = [each.step for each in points(measured(12_345), after=-1, updates=12_345)]
    assert len(steps) <= 202
    assert (steps[0], steps[-1]) == (1, 12_345)


def test_a_curve_copied_in_pieces_is_the_curve_copied_at_once() -> None:
    whole = list(points(measured(1000), after=-1, updates=1000))
    pieces = [
        *points(measured(333), after=-1, updates=1000),
        *points(measured(1000), after=333, updates=1000),
    ]
    assert pieces == whole


def test_what_is_no_number_is_no_point() -> None:
    odd = [Measurement(1, "validation", "nll", value) for value in (math.inf, math.nan)]
    assert list(points(odd, after=-1, updates=1)) == []


def test_a_server_that_is_away_is_given_up_soon(bench: Bench) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{door.getsockname()[1]}"
    bench.go(until=1)
    begun = time.monotonic()
    with pytest.raises(HarnessError, match=f"{closed}: API request to .* failed"):
        bench.sync(closed)
    assert time.monotonic() - begun < 30


def test_the_store_is_the_one_named_or_that_of_the_environment_or_beside_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Mlflow().build(out=tmp_path).uri == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert Mlflow().build(out=tmp_path).uri == "http://elsewhere"
    assert Mlflow(uri="http://here").build(out=tmp_path).uri == "http://here"
