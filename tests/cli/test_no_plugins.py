"""`--no-plugins`: a study of somebody else's can be looked at before its code is executed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.tiny_study import TINY

from harness.cli import main

PLUGIN = """
from dataclasses import dataclass
from pathlib import Path

from harness.components import Loss
from harness.hookspecs import hookimpl

Path(__file__).with_name("executed").touch()


@dataclass(frozen=True, kw_only=True)
class Odd(Loss):
    name = "odd"

    def build(self, setting):
        raise NotImplementedError


@hookimpl
def harness_losses():
    return [Odd]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "odd.py").write_text(PLUGIN)
    path = tmp_path / "tiny.yaml"
    path.write_text(f"plugins: [odd.py]\n{TINY}")
    return path


def say(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def was_executed(study: Path) -> bool:
    """True if the plugin left its mark, which is removed."""
    mark = study.with_name("executed")
    there = mark.exists()
    mark.unlink(missing_ok=True)
    return there


@pytest.mark.parametrize("command", ["validate", "plan", "schema"])
def test_plugin_files_are_executed_unless_the_user_says_otherwise(
    command: str, study: Path
) -> None:
    out = [] if command != "plan" else ["--out", study.with_name("results")]
    done = say(command, study, *out)
    assert (done.exit_code, done.stderr, was_executed(study)) == (0, "", True)
    done = say(command, study, "--no-plugins", *out)
    assert (done.exit_code, was_executed(study)) == (0, False)
    place = f"{study}:1:11: plugin {study.with_name('odd.py')}"
    assert done.stderr == (
        f"warning: {place}: not executed (--no-plugins); "
        "what it defines is unknown here, and what it changes unchecked\n"
    )
    assert "executed" in say(command, "--help").stdout
    if command == "schema":
        assert '"odd"' not in done.stdout
        assert json.loads(done.stdout)


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_component_of_a_file_that_is_left_out_is_unknown(command: str, study: Path) -> None:
    text = study.read_text()
    study.write_text(text.replace("loss: {label_smoothing: {smoothing: 0.1}}", "loss: odd"))
    out = [] if command != "plan" else ["--out", study.with_name("results")]
    done = say(command, study, "--no-plugins", *out)
    assert (done.exit_code, was_executed(study)) == (2, False)
    assert "not executed (--no-plugins)" in done.stderr
    assert "no loss named 'odd'" in done.stderr
