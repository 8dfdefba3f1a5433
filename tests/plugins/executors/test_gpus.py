from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from support.live_study import until

from harness.components.executor import cores
from harness_executors import gpus
from harness_executors.local import Local


def run(folder: Path, *, device: str) -> Path:
    """The folder of a run of which only the device is known."""
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"experiment": {"budget": {"device": device}}}))
    return folder


@pytest.mark.parametrize(
    ("occupied", "placed"),
    [
        ([], "0"),
        (["0"], "1"),
        (["0", "1"], "2"),
        (["0", "1", "2"], "0"),
        (["0", "0", "1", "2", "2"], "1"),
        (["gone", "0"], "1"),  # a run on a GPU that is not among these
    ],
)
def test_a_run_is_placed_on_the_gpu_with_the_fewest_runs(occupied: list[str], placed: str) -> None:
    assert gpus.least_loaded(["0", "1", "2"], occupied=occupied) == placed


def test_in_whatever_order_runs_end_no_gpu_has_more_than_its_places() -> None:
    places, running = 2, list[str]()
    for step in range(200):
        if len(running) < 3 * places:
            running.append(gpus.least_loaded(["0", "1", "2"], occupied=running))
        if step % 5 != 0:
            del running[step * 7 % len(running)]
        assert max(Counter(running).values(), default=0) <= places


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        ("2,3", ["2", "3"]),
        (" GPU-5d2a , MIG-77 ", ["GPU-5d2a", "MIG-77"]),
        ("1,-1,2", ["1"]),  # as CUDA reads it
        ("", []),
        ("-1", []),
    ],
)
def test_the_visible_gpus_are_those_of_the_environment(
    variable: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, variable)
    assert gpus.visible() == names


def test_jobs_count_places_on_gpus_where_runs_train_there(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = Local(runs_per_gpu=2)
    monkeypatch.setenv(gpus.VISIBLE, "0,1,2")
    asked = (None, 4, 100)
    assert [executor.at_once(jobs, device="cuda") for jobs in asked] == [6, 4, 6]
    assert [executor.at_once(jobs, device="cpu") for jobs in asked] == [cores(), 4, 100]
    monkeypatch.setenv(gpus.VISIBLE, "")
    assert executor.at_once(None, device="cuda") == cores()


def test_the_process_of_a_run_sees_the_gpu_that_it_is_placed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, "5,7")
    # Loaded in the process of the run and not here, in place of what would train.
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "import os, pathlib\n"
        "place = pathlib.Path(__file__).parent / f'seen.{os.getpid()}'\n"
        "place.write_text(os.environ.get('CUDA_VISIBLE_DEVICES', 'any'))\n"
    )
    jobs = Local(runs_per_gpu=1).build(jobs=3)
    runs = [run(tmp_path / name, device=name[:-1]) for name in ("cuda1", "cuda2", "cpu1")]
    for path in runs:
        (path / "where.json").write_text(json.dumps({"plugins": [str(plugin)]}))
        jobs.submit(path)
    ended: dict[Path, int] = {}
    until(lambda: ended.update(jobs.poll()) or len(ended) == 3)
    seen = {path.read_text() for path in tmp_path.glob("seen.*")}
    # On the processor it sees what the server saw that it was forked from, which may be older.
    assert seen in ({"5", "7", "5,7"}, {"5", "7", "any"})


def test_a_run_without_a_description_asks_for_no_gpu(tmp_path: Path) -> None:
    assert not gpus.wants_gpu(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    assert not gpus.wants_gpu(tmp_path)
    assert gpus.wants_gpu(run(tmp_path / "cuda", device="cuda"))
    assert not gpus.wants_gpu(run(tmp_path / "cpu", device="cpu"))
