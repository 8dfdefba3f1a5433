"""A process that outlives a coordinator: it tells trackers how the runs of a killed one ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness import pipeline
from harness.runs.lock import hold
from harness.runs.reuse import Reuse
from harness.tracking.outliving import LastWord

# A tracker of somebody else, which notes the state of each run that it is shown.
DIARY = '''
from dataclasses import dataclass
from pathlib import Path

from harness.components import Tracker
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Diary(Tracker):
    """Notes what it is shown."""

    name = "diary"

    def build(self, *, out):
        return Notes(Path(__file__).with_name("diary.txt"))


@dataclass
class Notes:
    path: Path

    def sync(self, study, ledger):
        lines = [
            f"{run.variant} {run.seed} {'running' if ledger.running(run.digest) else 'over'}\\n"
            for run in study.runs
        ]
        self.path.write_text("".join(lines))


@hookimpl
def harness_trackers():
    return [Diary]
'''


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of which nothing is trained."""
    (tmp_path / "diary.py").write_text(DIARY)
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("trackers: []", "trackers: [diary]\nplugins: [./diary.py]"))
    return path


def last_word(study: Path) -> LastWord:
    return LastWord(path=study, out=study.parent, seeds=(5, 3), reuse=Reuse.IDENTICAL)


def children() -> set[int]:
    """The processes that this one has started and that have not ended."""
    return {int(pid) for pid in Path("/proc/thread-self/children").read_text().split()}


def test_it_ends_with_an_orderly_end_and_copies_nothing(study: Path) -> None:
    before = children()
    word = last_word(study)
    word.stand_by()
    (pid,) = children() - before
    word.stand_by()  # once only
    assert children() - before == {pid}
    assert os.getsid(pid) == pid  # no signal to the group of the coordinator reaches it
    word.dismiss()
    assert children() == before
    assert not (study.parent / "diary.txt").exists()


def test_while_it_waits_it_has_loaded_nothing_of_weight() -> None:
    show = "import sys, harness.last_word; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert "harness.last_word" in names
    assert {"mlflow", "torch", "harness.pipeline"}.isdisjoint(names)
    assert len(names) < 150


def test_it_waits_for_the_runs_to_end_and_shows_each_tracker_the_seeds_of_the_coordinator(
    study: Path,
) -> None:
    word = last_word(study)
    opened = pipeline.open_study(study, out=study.parent, seeds=word.seeds, reuse=word.reuse)
    run = opened.ledger.run(opened.plan[-1].digest)
    run.mkdir(parents=True)
    diary = study.parent / "diary.txt"
    with hold(run):  # as a worker that writes its checkpoint
        # What a coordinator starts; an input that is over is the coordinator's death.
        arguments = json.dumps([str(study), str(study.parent), word.seeds, word.reuse])
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.last_word", arguments], stdin=subprocess.DEVNULL
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(5)
        assert not diary.exists()
    assert process.wait(60) == 0
    assert sorted(diary.read_text().splitlines()) == [
        "baseline 3 over",
        "baseline 5 over",
        "no-dropout 3 over",
        "no-dropout 5 over",
    ]
