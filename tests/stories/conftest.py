from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.tiny_study import COMMAND, TINY, Harness


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of four runs of about a second, in its own folder."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    """The command line, in the study's folder."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, words)], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run
