"""A study's own folder below the results root: its report, and the plan made last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.files import read_json, write_json
from harness.runs.planned_run import PlannedRun, Previous
from harness.study.values import Study

_PLAN = "plan.json"


def study_folder(study: Study, *, out: Path) -> Path:
    """The folder of this study's report; refused when it belongs to another file of that name."""
    folder = out / study.name
    owner = (read_json(folder / _PLAN) or {}).get("study")
    if owner and Path(owner) != study.path.resolve() and Path(owner).exists():
        raise HarnessError(
            f"{folder} belongs to {owner}; rename {study.path.name}, or choose another --out"
        )
    return folder


def previous_plan(folder: Path) -> Previous:
    """The digest of each (variant, seed) when the study was planned last."""
    plan = read_json(folder / _PLAN) or {"runs": []}
    return {(variant, seed): digest for variant, seed, digest in plan["runs"]}


def remember(study: Study, *, runs: Sequence[PlannedRun], folder: Path) -> None:
    """Keep the plan, so that the next one can say what changed."""
    folder.mkdir(parents=True, exist_ok=True)
    latest = previous_plan(folder)
    latest = {**latest, **{(run.variant, run.seed): run.digest for run in runs}}
    content = [[variant, seed, digest] for (variant, seed), digest in latest.items()]
    write_json(folder / _PLAN, value={"study": str(study.path.resolve()), "runs": content})
