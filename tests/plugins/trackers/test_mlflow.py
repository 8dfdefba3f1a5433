"""MLflow's contents equal the ledger's, however often and at whatever time it is exported."""

from __future__ import annotations

import fcntl
import json
import math
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils.validation import _validate_param_name
from support.mlflow_ledger import UPDATES, Bench, contents, fresh

from harness.contracts import Finding, Measurement
from harness.errors import HarnessError
from harness_trackers.mlflow import logged_run
from harness_trackers.mlflow.addresses import database_path
from harness_trackers.mlflow.component import Mlflow
from harness_trackers.mlflow.limits import accepted_name
from harness_trackers.mlflow.logged_run import curve_points
from harness_trackers.mlflow.store import Store, connect
from harness_trackers.mlflow.view import stored_view

# MLflow uses deprecated names of its own dependencies.
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


def test_a_run_that_has_ended_shows_its_device_and_how_much_of_it_was_used(bench: Bench) -> None:
    usage = {"device": "NVIDIA X", "index": "3", "peak_memory": 5 * 2**20, "utilization": 0.874}
    usage |= {"flop_rate": 3e12, "matrix_rate": 12e12}
    bench.go(until=UPDATES)
    bench.end(usage=usage)
    bench.sync()
    _, _, tags, curves = contents(bench.uri)[FIRST][:4]
    assert tags["device"] == "NVIDIA X, GPU 3"
    assert [value for _, value, _ in curves["final/training/flop_utilization"]] == [0.25]
    assert (tags["peak_memory_mib"], tags["gpu_utilization"]) == ("5", "0.87")


def test_exporting_twice_adds_nothing_even_if_the_sync_state_is_lost(bench: Bench) -> None:
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


def test_exporting_during_runs_gives_the_same_as_exporting_at_the_end(
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


def test_no_store_is_opened_if_nothing_is_new(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    tracking = Mlflow(uri=bench.uri).build(out=bench.out)
    tracking.sync(bench.study, bench.ledger)
    assert tracking._store is None


def test_an_emptied_database_is_filled_again(bench: Bench, database: Path) -> None:
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    once = contents(bench.uri)
    (bench.out / "mlflow.db").write_bytes(database.read_bytes())
    (bench.out / "tiny" / "report.md").write_text("found")
    bench.summary = "Found."
    bench.sync()
    again = contents(bench.uri)
    assert {name: again[name] for name in once} == once


def test_a_superseded_run_stays_but_is_no_longer_current(bench: Bench) -> None:
    bench.go(until=5)
    bench.sync()
    bench.digests["baseline"] = "x"
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    runs = contents(bench.uri)
    old = {name for name, run in runs.items() if run[2].get("harness.current") == "false"}
    assert old == {FIRST, "baseline, seed 2 b2"}
    bench.digests["baseline"] = "b"
    bench.sync()
    runs = contents(bench.uri)
    assert runs[FIRST][2]["harness.current"] == "true"
    assert runs["baseline, seed 1 x1"][2]["harness.current"] == "false"


@pytest.mark.parametrize(
    ("outcome", "status", "tag"),
    [
        ({"status": "finished"}, "FINISHED", "finished"),
        ({"status": "diverged", "reason": "loss inf"}, "FINISHED", "diverged"),
        ({"status": "failed", "reason": "killed by SIGKILL"}, "FAILED", "failed"),
        (None, "KILLED", "interrupted"),
    ],
)
def test_a_run_has_the_status_of_its_outcome(
    bench: Bench, outcome: dict[str, str] | None, status: str, tag: str
) -> None:
    bench.go(until=5)
    if outcome:
        bench.end(**outcome)
    bench.sync()
    run = contents(bench.uri)[FIRST]
    assert (run[0], run[2]["outcome"]) == (status, tag)
    assert run[2].get("reason") == (outcome or {}).get("reason")


def test_no_run_stays_running_without_a_process(bench: Bench) -> None:
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
    bench.digests["baseline"] = "x"  # superseded runs included
    bench.sync()
    assert {run[0] for run in contents(bench.uri).values()} == {"KILLED", "FINISHED"}


def test_a_page_that_is_served_shows_a_killed_run_without_another_command(bench: Bench) -> None:
    bench.go(until=5)
    bench.summary = "**Does it?** It does."
    tracker = Mlflow(uri=bench.uri).build(out=bench.out)
    with (bench.study.runs[0].path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tracker.sync(bench.study, bench.ledger)
        assert contents(bench.uri)[FIRST][0] == "RUNNING"
    before = contents(bench.uri)["study tiny"]
    tracker.refresh(bench.study)
    assert contents(bench.uri)[FIRST][0] == "KILLED"
    assert contents(bench.uri)["study tiny"] == before


def test_times_are_those_that_were_recorded_not_those_of_files(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end(ended=1_700_000_000.5, seconds=12.25)
    for path in bench.out.rglob("*"):
        os.utime(path, (1e9, 1e9))
    bench.sync()
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    runs = [
        run.info
        for run in client.search_runs([experiment.experiment_id])
        if "digest" in run.data.tags
    ]
    assert {(run.start_time, run.end_time) for run in runs} == {
        (1_699_999_988_250, 1_700_000_000_500)
    }


def test_a_run_under_way_began_when_its_process_did(bench: Bench) -> None:
    bench.go(until=5)
    for run in bench.study.runs:
        (run.path / "lock").write_text('[1, "host", "2026-03-01 12:00:00+01:00"]')
        os.utime(run.path / "lock", (1e9, 1e9))
    bench.sync()
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    began = {run.info.start_time for run in runs if "digest" in run.data.tags}
    assert began == {1_772_362_800_000}


def test_the_results_are_in_the_description_and_its_files_are_artifacts(bench: Bench) -> None:
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
    artifacts = {file.path for file in client.list_artifacts(study.info.run_id)}
    assert artifacts == {"report.md", "study.json"}


def the_study_s_run(bench: Bench) -> Any:
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'study'")
    return run


def test_the_verdicts_are_on_the_study_s_run(bench: Bench) -> None:
    bench.go(until=UPDATES)
    bench.end(ended=1_700_000_000.5, seconds=12.25)
    bench.sync()
    assert "verdict.low-rate" not in the_study_s_run(bench).data.tags
    found = Finding(
        variant="low-rate",
        metric="nll",
        split="test",
        role="primary",
        n=2,
        baseline_mean=3.5,
        variant_mean=3.25,
        difference=-0.25,
        interval_low=-0.5,
        interval_high=0.0,
        p=0.02,
        p_adjusted=0.03,
        p_sign_flip=None,
        p_floor=None,
        higher_is_better=False,
        verdict="no_inference",
        reason="two seeds",
        per_seed=(),
    )
    bench.findings, bench.summary = (found, replace(found, role="exploratory")), "**It does.**"
    bench.sync()
    run = the_study_s_run(bench)
    assert run.data.tags["verdict.low-rate"] == "no inference"
    assert run.data.tags["mlflow.note.content"] == "**It does.**"
    assert run.data.metrics == {"difference/low-rate": -0.25, "p/low-rate": 0.03}
    assert (run.info.start_time, run.info.end_time) == (1_699_999_988_250, 1_700_000_000_500)
    table = json.loads(Path(run.info.artifact_uri[len("file://") :], "verdicts.json").read_text())
    (row,) = (dict(zip(table["columns"], row, strict=True)) for row in table["data"])
    assert (row["variant"], row["verdict"], row["difference"]) == (
        "low-rate",
        "no inference",
        -0.25,
    )


def test_runs_have_the_color_of_their_variant(bench: Bench) -> None:
    bench.go(until=5)
    bench.sync()
    tags = [run.data.tags for run in runs_of(bench)]
    colors = {(tag["variant"], tag["mlflow.runColor"]) for tag in tags}
    assert len({color for _, color in colors}) == len(colors) == 2


def runs_of(bench: Bench) -> list[Any]:
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    runs = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'run'")
    return list(runs)


def test_runs_that_an_earlier_version_copied_are_superseded_and_copied_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.options = {"schedule": "{noam: {warmup: 4000}}"}
    bench.go(until=UPDATES)
    bench.end()
    with monkeypatch.context() as patch:
        patch.setattr(logged_run, "_LAYOUT", 1)
        bench.sync()
    bench.options = {"schedule": "noam", "schedule.noam.warmup": "4000"}
    bench.sync()
    runs = {
        (run.data.tags["harness.current"], run.data.params["schedule"]) for run in runs_of(bench)
    }
    assert runs == {("true", "noam"), ("false", "{noam: {warmup: 4000}}")}
    assert len(runs_of(bench)) == 8


def test_the_view_charts_options_that_are_numbers_in_every_run(bench: Bench) -> None:
    bench.options = {"rate": "0.1", "warmup": "4000", "depth": "none", "schedule.name": "noam"}
    state = json.loads(json.loads(stored_view(bench.study))["state"])
    charts = {chart["type"]: chart for chart in state["compareRunCharts"]}
    assert charts["PARALLEL"]["selectedParams"] == ["rate", "warmup"]
    assert charts["PARALLEL"]["selectedMetrics"] == ["final/nll"]
    assert charts["CONTOUR"]["yaxis"] == {"key": "warmup", "type": "PARAM"}
    bench.options = {"depth": "none"}
    state = json.loads(json.loads(stored_view(bench.study))["state"])
    assert {chart["type"] for chart in state["compareRunCharts"]} == {"BAR", "LINE"}


def test_runs_name_their_dataset(bench: Bench) -> None:
    bench.go(until=1)
    bench.sync()
    client = connect(bench.uri)
    experiment = client.get_experiment_by_name("tiny")
    (run, *_) = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'run'")
    ((used,),) = [client.get_run(run.info.run_id).inputs.dataset_inputs]
    assert (used.dataset.name, used.dataset.digest) == ("counting", "d" * 36)


def test_a_dataset_on_the_hub_has_what_the_page_links_by(bench: Bench) -> None:
    bench.corpus = "hugging_face"
    bench.dataset = {"hub": {"name": "someone/pairs", "revision": "a" * 40}, "files": None}
    bench.go(until=1)
    bench.sync()
    run = connect(bench.uri).get_run(runs_of(bench)[0].info.run_id)
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.source_type) == ("someone/pairs", "hugging_face")
    assert json.loads(used.dataset.source)["path"] == "someone/pairs"


def training_losses(updates: int) -> list[Measurement]:
    return [Measurement(update, "train", "loss", 1.0) for update in range(1, updates + 1)]


def test_a_long_curve_keeps_about_200_points_including_both_ends() -> None:
    curve = curve_points(training_losses(12_345), after=-1, updates=12_345)
    steps = [point.step for point in curve]
    assert len(steps) <= 202
    assert (steps[0], steps[-1]) == (1, 12_345)


def test_a_curve_exported_in_pieces_equals_one_exported_at_once() -> None:
    whole = list(curve_points(training_losses(1000), after=-1, updates=1000))
    pieces = [
        *curve_points(training_losses(333), after=-1, updates=1000),
        *curve_points(training_losses(1000), after=333, updates=1000),
    ]
    assert pieces == whole


def test_values_that_are_not_finite_are_omitted() -> None:
    odd = [Measurement(1, "validation", "nll", value) for value in (math.inf, math.nan)]
    assert list(curve_points(odd, after=-1, updates=1)) == []


def test_an_unreachable_server_fails_soon(bench: Bench) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    bench.go(until=1)
    start = time.monotonic()
    with pytest.raises(HarnessError, match=f"{closed}: API request to .* failed"):
        bench.sync(closed)
    assert time.monotonic() - start < 30


def test_the_uri_is_the_option_or_the_environment_variable_or_next_to_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Mlflow().build(out=tmp_path).uri == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://external")
    assert Mlflow().build(out=tmp_path).uri == "http://external"
    assert Mlflow(uri="http://here").build(out=tmp_path).uri == "http://here"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("loss.weighted.weights.<unk>", "loss.weighted.weights._unk_-"),
        ("final/a=b", "final/a_b-"),
        ("weights.a//b", "weights.a__b-"),
        ("../outside", "_outside-"),
        ("", "_-"),
        (".", "_-"),
        ("a\n", "a_-"),
        ("l" * 300, "l" * 243 + "-"),
    ],
)
def test_a_name_that_mlflow_refuses_is_changed_into_one_that_it_accepts(
    name: str, start: str
) -> None:
    assert accepted_name(name).startswith(start)
    assert len(accepted_name(name)) <= 250
    _validate_param_name(accepted_name(name))


@pytest.mark.parametrize("name", ["schedule.inverse_sqrt.warmup", "final/bleu", "a b:c", "größe"])
def test_a_name_that_mlflow_accepts_stays(name: str) -> None:
    assert accepted_name(name) == name


def test_names_stay_apart_that_differ_in_forbidden_characters_alone() -> None:
    assert len({accepted_name(name) for name in ("<s>", "[s]", "_s_", "(s)")}) == 4


@pytest.mark.parametrize(
    ("options", "dataset"),
    [
        ({"loss.weighted.weights.<unk>": "0.5"}, {}),
        ({"o" * 400: "v" * 7000}, {}),
        ({"weights.a//b": "", "weights./": "\n"}, {}),
        ({f"option{number}.{'x' * 60}": "1" for number in range(300)}, {}),
        ({}, {"sentences": "a" * 65_536}),
    ],
)
def test_what_mlflow_would_refuse_is_renamed_or_cut_and_costs_no_run(
    bench: Bench, options: dict[str, str], dataset: dict[str, Any]
) -> None:
    bench.options, bench.dataset = options, dataset
    bench.go(until=UPDATES)
    bench.end()
    bench.sync()
    runs = contents(bench.uri)
    assert {run[0] for run in runs.values()} == {"FINISHED"}
    assert len(runs) == 5
    expected = {accepted_name(name): value[:497] for name, value in options.items()}
    logged = {name: value[:497] for name, value in runs[FIRST][1].items()}
    assert logged == {"schedule": "baseline", **expected}
    (bench.out / "tiny" / "mlflow.json").unlink()
    bench.sync()
    assert contents(bench.uri) == runs


def refusing(monkeypatch: pytest.MonkeyPatch, *, refuses: Callable[..., bool], method: str) -> None:
    """Let MLflow's client refuse some calls as invalid."""
    original = getattr(MlflowClient, method)

    def called(self: MlflowClient, *arguments: Any, **named: Any) -> Any:
        if refuses(*arguments, **named):
            raise MlflowException("too odd", INVALID_PARAMETER_VALUE)
        return original(self, *arguments, **named)

    monkeypatch.setattr(MlflowClient, method, called)


@pytest.mark.parametrize(
    ("method", "refuses", "fault"),
    [
        (
            "log_batch",
            lambda run, params=(), **_: any(param.key == "odd" for param in params),
            "params odd: too odd, and 3 more",
        ),
        (
            "log_batch",
            lambda run, metrics=(), **_: any(metric.key == "final/nll" for metric in metrics),
            "metrics final/nll: too odd, and 3 more",
        ),
        ("log_inputs", lambda *_, **__: True, "baseline, seed 1: dataset: too odd, and 3 more"),
        ("log_text", lambda run, text, name: name == "study.json", "study.json: too odd"),
        (
            "set_experiment_tag",
            lambda *_: True,
            "tag mlflow.note.content of the exper",
        ),
    ],
)
def test_what_is_refused_all_the_same_is_named_and_all_else_is_copied(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    refuses: Callable[..., bool],
    fault: str,
) -> None:
    bench.options = {"odd": "1", "even": "2"}
    bench.go(until=UPDATES)
    bench.end()
    with monkeypatch.context() as patch:
        refusing(patch, refuses=refuses, method=method)
        for _ in range(2):
            with pytest.raises(HarnessError, match=f"not copied: {fault}"):
                bench.sync()
        partial = contents(bench.uri)
    bench.sync()
    whole = contents(bench.uri)
    assert {run[0] for run in partial.values()} == {"FINISHED"}
    assert set(partial) == set(whole)
    assert partial[FIRST][3]["validation/nll"] == whole[FIRST][3]["validation/nll"]
    assert partial[FIRST][1]["even"] == "2"
    assert whole[FIRST][1] == {"schedule": "baseline", "odd": "1", "even": "2"}
    assert [value for _, value, _ in whole[FIRST][3]["final/nll"]] == [3.1]


def test_artifacts_that_cannot_be_written_cost_no_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    bench.go(until=UPDATES)
    bench.end()
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_text", full)
        with pytest.raises(HarnessError, match="experiment.json: No space left on device"):
            bench.sync()
    assert {run[0] for run in contents(bench.uri).values()} == {"FINISHED"}


def delete_runs(uri: str) -> None:
    client = connect(uri)
    experiment = client.get_experiment_by_name("tiny")
    for run in client.search_runs([experiment.experiment_id]):
        client.delete_run(run.info.run_id)


def delete_experiment(uri: str) -> None:
    client = connect(uri)
    client.delete_experiment(client.get_experiment_by_name("tiny").experiment_id)


def delete_the_study(uri: str) -> None:
    client = connect(uri)
    experiment = client.get_experiment_by_name("tiny")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'study'")
    client.delete_run(run.info.run_id)


def delete_all(uri: str) -> None:
    delete_runs(uri)
    delete_experiment(uri)


@pytest.mark.parametrize("delete", [delete_runs, delete_experiment, delete_the_study, delete_all])
@pytest.mark.parametrize("process", ["same", "next"])
def test_what_was_deleted_from_the_store_is_copied_again(
    bench: Bench, delete: Callable[[str], None], process: str
) -> None:
    bench.go(until=UPDATES)
    bench.end()
    tracking = Mlflow(uri=bench.uri).build(out=bench.out)
    tracking.sync(bench.study, bench.ledger)
    once = contents(bench.uri)
    delete(bench.uri)
    if process == "same":
        tracking.sync(bench.study, bench.ledger)
    else:
        bench.sync()
    assert contents(bench.uri) == once
    assert connect(bench.uri).get_experiment_by_name("tiny").lifecycle_stage == "active"


def test_finished_runs_deleted_while_others_go_on_are_not_forgotten(bench: Bench) -> None:
    bench.go(until=5)
    tracking = Mlflow(uri=bench.uri).build(out=bench.out)
    tracking.sync(bench.study, bench.ledger)
    delete_runs(bench.uri)
    bench.go(until=UPDATES)
    bench.end()
    tracking.sync(bench.study, bench.ledger)
    assert len(contents(bench.uri)) == 5


@pytest.mark.parametrize("name", ["why?x=1", "my%20runs", "a%3Fb#c", "100%", "50% of @home:1"])
def test_the_database_is_in_the_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out = tmp_path / name
    out.mkdir()
    uri = Mlflow().build(out=out).uri
    assert database_path(uri) == out / "mlflow.db"
    store = Store(uri, experiment="e", artifacts=out / "mlflow-artifacts")
    run = store.create_run("key", name="n", start=0, tags={})
    store.log_json(run.info.run_id, name="facts.json", value=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {path.name for path in out.iterdir()} == {"mlflow.db", "mlflow-artifacts"}
