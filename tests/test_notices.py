"""Lines on standard error: none ends the work that it reports on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.notices import notify_user, warn

WARN = "from harness.notices import warn; warn('slow'); print('done')"


def test_a_warning_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    warn("slow")
    notify_user("waits")
    assert capsys.readouterr() == ("", "warning: slow\nwaits\n")


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user's Python is: a line that could not be written is tried again at exit."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux's")
def test_a_full_disk_behind_standard_error_ends_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", WARN], stderr=full, stdout=subprocess.PIPE, check=True
        )
    assert done.stdout == b"done\n"


def test_a_closed_standard_error_ends_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WARN], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stderr
        assert process.stdout
        process.stderr.close()
        assert process.stdout.read() == b"done\n"
    assert process.returncode == 0
