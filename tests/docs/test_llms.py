"""The page for agents names commands, options, statuses and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from harness.cli import exit_status, main
from harness.loading import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "llms.txt").read_text(encoding="utf-8")
NAMED = [words.split() for words in re.findall(r"`harness ([^`]*)`", PAGE)]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and the words after it."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("words", NAMED, ids=" ".join)
def test_a_command_that_it_names_exists_with_its_options(words: list[str]) -> None:
    command, rest = command_of(words)
    assert command is not main
    known = {name for option in command.params for name in option.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_it_names_every_command() -> None:
    named = {words[0] for words in NAMED}
    assert named == {*main.commands}


def test_options_beside_a_command_are_its_own() -> None:
    for line in PAGE.splitlines():
        if line.startswith("- `harness "):
            names = re.findall(r"`harness ([^`]*)`", line)
            commands = [command_of(words.split())[0] for words in names]
            known = {name for command in commands for o in command.params for name in o.opts}
            assert {*re.findall(r"(?<!\S)`?(--[a-z-]+)", line)} <= known | {"--json", "--out"}, line


def test_its_files_exist_and_its_statuses_are_those_of_commands() -> None:
    for name in re.findall(r"\]\(([^)]*)\)", PAGE):
        assert (ROOT / name).is_file(), name
    (line,) = (line for line in PAGE.splitlines() if line.startswith("- Exit status:"))
    told = [int(number) for number in re.findall(r"(?:: |; )(\d+) ", line)]
    assert told == [*exit_status.MEANINGS]


def test_its_study_is_valid(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "study.yaml").write_text(text)
    assert [*load(tmp_path / "study.yaml")[0].variants] == ["baseline", "no-dropout"]
