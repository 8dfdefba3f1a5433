"""The command line on systems with other encodings, or without what Linux has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_PRINT = """
import click, sys
from harness.cli import main

@main.command()
def show():
    click.echo("naïve 猫 \\udce4")
    sys.stderr.write("naïve 猫\\n")

main(["show"])
"""
_HELP = "import os; {}; from harness.cli import main; main(['run', '--help'])"


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", b"na\xefve \\u732b \\udce4\n"),
        ("cp437", b"na\x8bve \\u732b \\udce4\n"),
        ("utf-8", "naïve 猫 \\udce4\n".encode()),
    ],
)
def test_a_letter_that_the_terminal_lacks_is_written_out(encoding: str, text: bytes) -> None:
    done = _run(_PRINT, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout) == (0, text)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "missing", ["del os.sched_getaffinity", "del os.sched_getaffinity; os.cpu_count = lambda: None"]
)
def test_a_system_that_does_not_tell_the_cores_of_a_process_will_do(missing: str) -> None:
    done = _run(_HELP.format(missing))
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--jobs" in done.stdout
