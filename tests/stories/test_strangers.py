"""Third-party hooks in a real run: called in order, and named when they break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny_study import TINY, Harness

OBSERVERS = """
from pathlib import Path

from harness.hookspecs import hookimpl

LOG = Path(__file__).with_name("log.txt")


def told(line):
    with LOG.open("a") as file:
        file.write(line + "\\n")


@hookimpl
def harness_study_started(study):
    told(f"started {study.name} with {len(study.runs)}")


@hookimpl
def harness_sync(study, ledger):
    told(f"sync {sum(bool(ledger.measurements(run.digest)) for run in study.runs)}")


@hookimpl
def harness_run_ended(run, ledger):
    told(f"ended {run.variant} {run.seed} {ledger.outcome(run.digest).status}")


@hookimpl
def harness_study_ended(study):
    told(f"over {(study.path / 'report.md').exists()}")


@hookimpl(wrapper=True)
def harness_run(run):
    told(f"run {run.seed}")
    return (yield)
"""


def small(study: Path, plugin: str) -> None:
    """Two runs of a few updates, and a plugin next to them."""
    text = TINY.replace("updates: 12", "updates: 4").replace("seeds: 2", "seeds: 1")
    study.write_text(f"plugins: [./odd.py]\n{text}")
    (study.parent / "odd.py").write_text(plugin)


def test_observers_are_called_in_order_and_a_run_can_be_wrapped(
    study: Path, harness: Harness
) -> None:
    small(study, OBSERVERS)
    done = harness("run", study, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    told = (study.parent / "log.txt").read_text().splitlines()
    assert told[0] == "started tiny with 2"
    assert told[-2:] == ["sync 2", "over True"]
    ended = [line for line in told if line.startswith("ended")]
    assert ended == ["ended baseline 1 finished", "ended no-dropout 1 finished"]
    assert told.count("run 1") == 2


@pytest.mark.parametrize("hook", ["study_started", "sync", "run_ended", "study_ended"])
def test_an_observer_that_raises_is_named_and_changes_nothing(
    hook: str, study: Path, harness: Harness
) -> None:
    before = f"def harness_{hook}("
    plugin, _, rest = OBSERVERS.partition(before)
    arguments, _, body = rest.partition(":\n")
    small(study, f"{plugin}{before}{arguments}:\n    raise KeyError('odd')\n{body}")
    done = harness("run", study, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    line = (study.parent / "odd.py").read_text().split("raise")[0].count("\n") + 1
    fault = f"hook harness_{hook}: raised KeyError: 'odd' (line {line})"
    assert f"warning: plugin {study.parent / 'odd.py'}, {fault}" in done.stderr


def test_a_run_that_fails_in_a_plugin_names_it_with_its_line(study: Path, harness: Harness) -> None:
    plugin = OBSERVERS.replace('    told(f"run {run.seed}")', "    raise KeyError('odd')")
    small(study, plugin)
    done = harness("run", study, "--jobs", "1")
    assert done.returncode == 1
    line = plugin.split("    raise")[0].count("\n") + 1
    place = f"raised KeyError: 'odd' (odd.py, line {line})"
    fault = f"plugin {study.parent / 'odd.py'}, hook harness_run: {place}"
    assert f"failed: baseline, seed 1: {fault}" in done.stdout
    outcomes = (study.parent / "results" / "runs").glob("*/outcome.json")
    assert {json.loads(path.read_text())["reason"] for path in outcomes} == {fault}


def test_a_plugin_that_takes_a_run_without_an_outcome_is_named(
    study: Path, harness: Harness
) -> None:
    small(study, "from harness.hookspecs import hookimpl\n\n")
    with (study.parent / "odd.py").open("a") as file:
        file.write("@hookimpl\ndef harness_run(run):\n    return True\n")
    done = harness("run", study, "--jobs", "1")
    assert done.returncode == 1
    fault = "hook harness_run: reported the run as carried out, but wrote no outcome"
    assert f"failed: baseline, seed 1: plugin {study.parent / 'odd.py'}, {fault}" in done.stdout


def test_a_name_from_a_broken_file_is_reported_with_the_reason(
    study: Path, harness: Harness
) -> None:
    small(study, "import no_such_module\n")
    study.write_text(study.read_text().replace("optimizer: adam", "optimizer: odd"))
    for command in ("validate", "plan", "run"):
        done = harness(command, study)
        assert done.returncode == 2
        assert "no optimizer named 'odd'" in done.stderr
        assert "ModuleNotFoundError: No module named 'no_such_module' (line 1)" in done.stderr


def test_what_a_run_prints_reaches_no_terminal_raw(study: Path, harness: Harness) -> None:
    orders = r"\x1b]52;c;aGk=\x07\x9b2J\u202e"
    raising = f"    raise KeyError(Odd('{orders}'))"
    small(study, OBSERVERS.replace('    told(f"run {run.seed}")', raising))
    with (study.parent / "odd.py").open("a") as file:
        file.write("\n\nclass Odd(str):\n    def __repr__(self):\n        return str(self)\n")
    for command in ("run", "plan"):
        done = harness(command, study)
        printed = f"{done.stdout}{done.stderr}"
        assert done.returncode == (1 if command == "run" else 0), printed
        assert orders in printed
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & {*printed}
    (reason, *_) = (study.parent / "results" / "runs").glob("*/outcome.json")
    assert "\x1b]52" in json.loads(reason.read_text())["reason"]
