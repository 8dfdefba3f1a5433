"""Characters that a terminal obeys, from wherever a command quotes them, are shown instead."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.tiny_study import TINY

from harness.cli import main

# A color, the title, the clipboard, a link, back over what was written, and marks that reorder.
KINDS = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;https://evil.example\x1b\\",
    "\x9b2J",
    "\x7f\b\r\v\f",
    "\u202a\u202b\u202c\u202d\u202e",
    "\u2066\u2067\u2068\u2069",
    "\u200e\u200f\u061c",
]
HOSTILE = f"{''.join(KINDS)}{'x' * 20_000}"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LONGEST = 10_000 * 4 + 200  # characters of a line, its escapes, and how much was cut

RAISES = f"raise ValueError({HOSTILE!a})\n"
OFFERS = f"""
from dataclasses import dataclass

from harness.components import Loss
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Odd(Loss):
    {json.dumps("A loss " + "".join(KINDS))}

    name = "odd"

    def build(self, setting):
        return None


@hookimpl
def harness_losses():
    return [Odd]
"""


def study(folder: Path, text: str = TINY, *, plugin: str = "") -> Path:
    """The tiny study, with a plugin file if there is one."""
    path = folder / "tiny.yaml"
    if plugin:
        (folder / "odd.py").write_text(plugin)
        text = f"plugins: [odd.py]\n{text}"
    path.write_text(text)
    return path


def table(folder: Path) -> Path:
    """Scores of variants and of a metric with such names."""
    scores = folder / "scores.csv"
    quoted = HOSTILE.replace('"', '""')
    rows = [
        f'{variant},{seed},"m{quoted}",{seed + gain}\n'
        for variant, gain in (("baseline", 0), (f'"v{quoted}"', 1))
        for seed in (1, 2, 3)
    ]
    scores.write_text(f"variant,seed,metric,value\n{''.join(rows)}", newline="")
    return scores


def unknown(folder: Path) -> Path:
    return study(folder, TINY.replace("adam", json.dumps(HOSTILE)))


# The words of a command, with all that it quotes.
COMMANDS: dict[str, Callable[[Path], list[object]]] = {
    "an unknown command": lambda folder: [HOSTILE],
    "an unknown option": lambda folder: [f"--{HOSTILE}"],
    "an invalid value": lambda folder: ["plan", "--seeds", HOSTILE, study(folder)],
    "the name of a study": lambda folder: ["validate", "".join(KINDS)],
    "a component of a study": lambda folder: ["validate", unknown(folder)],
    "the same, as JSON": lambda folder: ["validate", "--json", unknown(folder)],
    "an error of a plugin": lambda folder: ["validate", study(folder, plugin=RAISES)],
    "a docstring of a plugin": lambda folder: ["schema", study(folder, plugin=OFFERS)],
    "a key of a study": lambda folder: ["plan", study(folder, f"{json.dumps(HOSTILE)}: 1\n{TINY}")],
    "the name of a run": lambda folder: ["generate", HOSTILE, "a"],
    "the name of a folder": lambda folder: ["check", "--out", f"{''.join(KINDS)}"],
    "scores": lambda folder: ["compare", "--from-csv", table(folder), "--baseline", "baseline"],
    "a component in a picture": lambda folder: ["figure", "decays", HOSTILE],
}


def say(words: list[object]) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_quotes_is_not_obeyed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = COMMANDS[name](tmp_path)
    done = say(words)
    assert done.exit_code in (0, 2), done.output
    assert done.output
    assert not OBEYED.search(done.stdout)
    assert not OBEYED.search(done.stderr)
    if "--json" in words or "schema" in words:
        assert json.loads(done.stdout)
    else:
        assert max(map(len, done.output.splitlines())) < LONGEST


def test_data_is_exact_for_a_program_and_harmless_on_a_terminal() -> None:
    text = "".join(KINDS)  # short enough for the buffer of a terminal
    print_it = f"from harness.cli.output import say_data; say_data({text!a})"
    command = [sys.executable, "-c", print_it]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode() == f"{text}\n"
    ours, theirs = os.openpty()
    subprocess.run(command, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 4096).decode().removesuffix("\r\n")  # a terminal's own
    os.close(ours)
    assert "\\x1b[31m\\x1b]0;title\\x07" in shown
    assert not OBEYED.search(shown)
