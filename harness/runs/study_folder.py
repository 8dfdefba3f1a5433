"""The folder of a study below the results root: its report, and its last plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.runs import records
from harness.runs.planned_run import PlannedRun, Previous
from harness.runs.records import StoredPlan
from harness.study.values import Study

_PLAN = "plan.json"


def study_folder(study: Study, *, out: Path) -> Path:
    """The folder of this study's report.

    Raises `HarnessError` if it belongs to another file of that name.
    """
    folder = out / study.name
    if folder.exists() and not folder.is_dir():
        raise HarnessError(f"{folder} is no folder; rename {study.path.name} or that file")
    stored = _stored_plan(folder).study
    if stored and _is_another(owner := out.resolve() / stored, study=study, stored=stored):
        raise HarnessError(
            f"{folder} belongs to {os.path.normpath(owner)}; rename {study.path.name}, or choose "
            "another --out"
        )
    return folder


def _is_another(owner: Path, *, study: Study, stored: str) -> bool:
    """True if a folder's study is in another file, and not this one before a move or a copy."""
    # A file that is gone was moved here as a rule, and a moved study keeps its results.
    if not owner.exists() or owner.samefile(study.path):
        return False
    # An absolute path, of an earlier version, still leads to the original of a project that was
    # copied; that its text is the same tells a copy.
    return not Path(stored).is_absolute() or owner.read_bytes() != study.path.read_bytes()


def previous_plan(folder: Path) -> Previous:
    """The digest of each (variant, seed) when the study was planned last."""
    return {(variant, seed): digest for variant, seed, digest in _stored_plan(folder).runs}


def planned_runs(folder: Path) -> tuple[str, ...]:
    """The digests of the runs of the last plan, and of those of earlier plans that it kept.

    Raises `HarnessError` for a damaged plan: to take it for an empty one could cost its runs.
    """
    return tuple(digest for _, _, digest in records.require(folder / _PLAN, kind=StoredPlan).runs)


def study_file(folder: Path) -> str:
    """The path of the study's file as it was planned last; empty if it is not known."""
    stored = _stored_plan(folder).study
    return os.path.relpath(folder.parent.resolve() / stored) if stored else ""


def remember(study: Study, *, runs: Sequence[PlannedRun], folder: Path) -> None:
    """Store the plan, so that the next one can name the changes since."""
    folder.mkdir(parents=True, exist_ok=True)
    planned = {(run.variant, run.seed): run.digest for run in runs}
    # Runs of earlier plans stay: with `--seeds` a study is run some seeds at a time.
    latest = {**previous_plan(folder), **planned}
    rows = tuple((variant, seed, digest) for (variant, seed), digest in latest.items())
    # Relative, so that it leads to the same file after all of it was moved, copied or mounted.
    file = os.path.relpath(study.path.resolve(), folder.parent.resolve())
    stored = StoredPlan(study=file, runs=rows)
    records.write_record(folder / _PLAN, record=stored)


def _stored_plan(folder: Path) -> StoredPlan:
    instead = "it counts as the first plan"
    stored = records.read_replaceable(folder / _PLAN, kind=StoredPlan, instead=instead)
    return stored or StoredPlan()
