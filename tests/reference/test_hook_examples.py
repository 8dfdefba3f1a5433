"""The examples of hooks that carry out and observe, as whole plugins in a run that took place."""

from __future__ import annotations

import json
import pstats
from pathlib import Path
from types import SimpleNamespace

import pluggy
import pytest
from support.finished_run import planned

from harness import hookspecs
from harness.contracts import Run, RunView, StudyView
from harness.hookspecs import hookimpl
from harness.reference.pages import Hook, every_hook
from harness.runs.ledger import Ledger

BY_NAME = {hook.name: hook for hook in every_hook() if not hook.example.rstrip().endswith("]")}


def implementation(hook: Hook):
    names: dict[str, object] = {}
    exec(compile(hook.program, hook.name, "exec"), names)  # noqa: S102 - an example of our own
    return names[hook.name]


def test_every_hook_of_a_study_has_an_example_that_is_run() -> None:
    observers = {"harness_study_started", "harness_sync", "harness_run_ended"}
    assert set(BY_NAME) == {"harness_run", "harness_study_ended", *observers}


def test_the_example_around_a_run_profiles_it(tmp_path: Path) -> None:
    class Core:
        @staticmethod
        @hookimpl
        def harness_run(run: Run) -> bool:
            return bool(str(run.path))

    plugins = pluggy.PluginManager("harness")
    plugins.add_hookspecs(hookspecs)
    plugins.register(Core)
    plugins.register(SimpleNamespace(harness_run=implementation(BY_NAME["harness_run"])))
    assert plugins.hook.harness_run(run=Run(seed=1, digest="", path=tmp_path)) is True
    assert any(
        name == "harness_run" for _, _, name in pstats.Stats(str(tmp_path / "profile")).stats
    )


def test_examples_of_observers_do_what_they_say(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    planned_run = planned(finished)
    ledger = Ledger(finished / "results" / "runs")
    path = ledger.run(planned_run.digest)
    run = RunView("baseline", 1, planned_run.digest, path)
    study = StudyView(name="tiny", question="Why?", path=tmp_path / "report", runs=[run])
    study.path.mkdir()
    (study.path / "report.html").write_text("<h1>Why?</h1>", encoding="utf-8")
    implementation(BY_NAME["harness_study_started"])(study)
    implementation(BY_NAME["harness_sync"])(study, ledger)
    implementation(BY_NAME["harness_run_ended"])(run, ledger)
    implementation(BY_NAME["harness_study_ended"])(study, ledger)
    assert capsys.readouterr().out == "tiny 1\nbaseline 1 finished\n"
    progress = json.loads((tmp_path / "tiny-progress.json").read_text(encoding="utf-8"))
    assert progress == {"baseline 1": ledger.updates(run.digest)}
    assert progress["baseline 1"] > 0
    assert (tmp_path / "tiny.html").read_text(encoding="utf-8") == "<h1>Why?</h1>"
