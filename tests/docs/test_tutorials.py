"""The tutorials, typed from the page: each block is written or run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
LONG = {"own-files"}  # nine models, to a verdict that is not chance
SLOW = (pytest.mark.faults, pytest.mark.timeout(600))
BLOCK = re.compile(r"^```(\w+)[ ]*(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# What stands for commands that an environment of the reader's own would have.
INSTALLED = '--quiet --no-deps --no-build-isolation --target "$SITE"'
COMMANDS = {
    "harness": """-c "from harness.cli import main; main()" "$@" """,
    "pytest": '-m pytest --import-mode=importlib -p no:cacheprovider "$@"',
    "pip": f'-m pip "$@" {INSTALLED}',
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with the three commands, and a place of its own to install to."""
    folder, site = tmp_path / "bin", tmp_path / "site"
    folder.mkdir()
    for name, arguments in COMMANDS.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\n{shlex.quote(sys.executable)} {arguments}\n")
        command.chmod(0o755)
    paths = [
        site,
        tmp_path / "here",
        ROOT,
        ROOT / "plugins",
        *os.environ.get("PYTHONPATH", "").split(":"),
    ]
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(str(path) for path in paths if str(path)),
        "SITE": str(site),
        "COLUMNS": "200",
    }


def follow(page: str, *, here: Path, environment: dict[str, str]) -> None:
    """Write every block that names a file, and run every command, which must say what it says."""
    for language, name, text in BLOCK.findall(page):
        if name:
            (here / name).write_text(text, encoding="utf-8")
        elif language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *expected = part.splitlines()
                done = subprocess.run(  # noqa: S602 - a shell reads it as a person types it
                    command,
                    shell=True,
                    cwd=here,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                said = done.stdout + done.stderr
                assert done.returncode == 0, f"$ {command}\n{said}"
                for line in expected:
                    assert line in said, f"$ {command}\n{said}"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=SLOW if path.stem in LONG else ())
        for path in TUTORIALS
    ],
)
def test_a_tutorial_does_what_it_says(
    path: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    follow(path.read_text(encoding="utf-8"), here=here, environment=environment)


def test_the_loss_has_at_most_twenty_lines() -> None:
    page = (ROOT / "docs" / "tutorials" / "loss.md").read_text(encoding="utf-8")
    (text,) = (text for _, name, text in BLOCK.findall(page) if name == "my_loss.py")
    assert len(text.splitlines()) <= 20


def test_every_tutorial_has_a_study_that_is_run() -> None:
    assert len(TUTORIALS) == 5
    assert all("$ harness run " in path.read_text() for path in TUTORIALS)
