"""A study whose runs start from another, executed once, and its results in places of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.pretraining_study import ADAPTING, carried_out

from harness import pipeline

HERE = """
from support.pretraining_study import Here

from harness.hookspecs import hookimpl


@hookimpl
def harness_executors():
    return [Here]
"""
# Two seeds of a baseline and a variant, each from a start of its own, and a plugin beside.
STUDY = (
    ADAPTING.replace("  slower: {schedule: {constant: 1.0e-3}}\n", "")
    .replace("seeds: 1", "seeds: 2")
    .replace("figures: []", "figures: []\nexecutor: here\nplugins: [../plugins/here.py]")
)


@pytest.fixture(scope="session")
def adapting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, its plugin, and its results; nothing has been reported yet."""
    folder = tmp_path_factory.mktemp("adapting")
    (folder / "plugins").mkdir()
    (folder / "plugins" / "here.py").write_text(HERE)
    study = folder / "studies" / "adapting.yaml"
    study.parent.mkdir()
    before = torch.are_deterministic_algorithms_enabled()
    opened, ends = carried_out(study, text=STUDY)
    torch.use_deterministic_algorithms(before)
    assert [end.reason for end in ends if end.reason] == []
    opened.remember_plan()
    return folder


@pytest.fixture
def study(adapting: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the study, its results in `results` beside it."""
    shutil.copytree(adapting, tmp_path / "copy")
    path = tmp_path / "copy" / "studies" / "adapting.yaml"
    # Its plan names the file that it was made for.
    out = path.parent / "results"
    shutil.rmtree(out / "adapting")
    pipeline.open_study(path, out=out, seeds=None).remember_plan()
    before = torch.are_deterministic_algorithms_enabled()
    yield path
    torch.use_deterministic_algorithms(before)
