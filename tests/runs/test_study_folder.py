"""Which study file a folder of results belongs to, and what a move changes about it: nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness.errors import HarnessError
from harness.loading import load
from harness.runs import records
from harness.runs.records import StoredPlan
from harness.runs.study_folder import remember, study_folder
from harness.study.values import Study


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A study that was planned."""
    folder = tmp_path / "project"
    study = write(folder / "studies" / "tiny.yaml")
    remember(study, runs=(), folder=study_folder(study, out=folder / "results"))
    return folder


def write(path: Path, text: str = TINY) -> Study:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return load(path)[0]


def test_a_copy_keeps_its_results_whatever_becomes_of_either_file(
    project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    edited = write(copy / "studies" / "tiny.yaml", f"{TINY}# mine\n")
    assert study_folder(edited, out=copy / "results") == copy / "results" / "tiny"


def test_a_renamed_project_and_results_that_moved_alone_keep_them(
    project: Path, tmp_path: Path
) -> None:
    renamed = project.rename(tmp_path / "renamed")
    study = load(renamed / "studies" / "tiny.yaml")[0]
    study_folder(study, out=renamed / "results")
    moved = (renamed / "results").rename(tmp_path / "moved")
    study_folder(study, out=moved)
    (tmp_path / "link").symlink_to(moved)
    study_folder(study, out=tmp_path / "link")


def test_another_file_of_the_same_name_is_refused_even_with_the_same_text(project: Path) -> None:
    other = write(project / "elsewhere" / "tiny.yaml")
    with pytest.raises(HarnessError) as refused:
        study_folder(other, out=project / "results")
    owner = project / "studies" / "tiny.yaml"
    assert f"belongs to {owner}; rename tiny.yaml, or choose another --out" in str(refused.value)


def test_an_absolute_path_of_an_earlier_version_is_read(project: Path, tmp_path: Path) -> None:
    original, plan = project / "studies" / "tiny.yaml", project / "results" / "tiny" / "plan.json"
    records.write_record(plan, record=StoredPlan(study=str(original)))
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    study = load(original)[0]
    study_folder(study, out=project / "results")
    copied = replace(study, path=copy / "studies" / "tiny.yaml")
    study_folder(copied, out=copy / "results")
    copied.path.write_text(f"{TINY}# another study\n")
    with pytest.raises(HarnessError, match="belongs to"):
        study_folder(copied, out=copy / "results")
