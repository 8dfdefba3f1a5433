"""The campaigns of `benchmarks/reliability.md`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]


def campaign(name: str, *options: str) -> str:
    """The output of a benchmark, with the code of this checkout."""
    paths = os.pathsep.join(str(ROOT / folder) for folder in (".", "plugins", "benchmarks"))
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / name), *options],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_studies_end_with_the_bits_of_those_left_alone() -> None:
    printed = campaign("kills.py")
    found = re.search(
        r"(\d+) kills, (\d+) runs resumed, (\d+) of them with a filled average;\n"
        r"(\d+) files and facts compared, (\d+) different",
        printed,
    )
    assert found, printed
    kills, resumed, filled, compared, different = map(int, found.groups())
    assert different == 0, printed
    # Fewer would say that the kills came too early or too late to mean anything.
    assert kills >= 200, printed
    assert resumed >= 100, printed
    assert filled >= 50, printed
    assert compared >= 400, printed


def test_studies_that_plan_does_not_refuse_run_to_the_end() -> None:
    printed = campaign("generated.py", "40", "1")
    drawn, invalid, refused, ran, diverged, broken = map(
        int, printed.splitlines()[-1].strip("| ").split(" | ")
    )
    assert broken == 0
    assert refused + ran + diverged == drawn - invalid == 40
    assert ran >= 20
