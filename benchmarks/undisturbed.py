"""A results folder compared with another one, file by file and bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.pipeline import open_study
from harness.runs import check
from harness.runs.study_folder import previous_plan

FILES = ("weights.pt", "measurements.jsonl")
DECODED = ("hypotheses.jsonl", "by_sentence.json")
# The last covers the others; `usage` has the memory of the process.
_TIMES = {"seconds", "ended", "resumed_after", "usage", "sha256"}


def compared(study: Path, *, whole: Path, killed: Path) -> Iterator[tuple[str, bool]]:
    """What is compared, and True where it is equal."""
    names, others = (
        sorted(path.parent.name for path in out.glob("runs/*/run.json")) for out in (whole, killed)
    )
    yield "the runs", names == others
    for name in names:
        ours, theirs = (out / "runs" / name for out in (killed, whole))
        yield from _files(ours, theirs=theirs, names=FILES)
        yield from _records(ours, theirs=theirs)
        for decoded in theirs.glob("evaluations/*"):
            mine = ours / "evaluations" / decoded.name
            yield from _files(mine, theirs=decoded, names=DECODED)
            yield from _records(mine, theirs=decoded)
    told, expected = (findings(study, out=out) for out in (killed, whole))
    yield from ((name, told[name] == expected[name]) for name in expected)
    yield "nothing is damaged or left over", not list(check.faults(killed))


def findings(study: Path, *, out: Path) -> Mapping[str, str]:
    """The scores, findings, tuned values and runs of a study, to the last digit.

    Without findings on seconds, which no two runs take equally many of, and without what somebody
    saw before: only `harness run` freezes a plan.
    """
    opened = open_study(study, out=out, seeds=None)
    opened = opened.plan_next(previous=previous_plan(opened.folder))
    report = opened.evaluate()
    scores = [(run.variant, run.seed, run.outcome, dict(run.scores)) for run in report.results]
    planned = [(run.variant, run.seed, run.digest, run.exists) for run in opened.plan]
    facts = {
        "scores": scores,
        "findings": [
            replace(found, deviations="")
            for found in report.findings
            if "seconds" not in found.metric
        ],
        "tuning": opened.tuning,
        "plan": planned,
    }
    return {name: repr(fact) for name, fact in facts.items()}


def _files(ours: Path, *, theirs: Path, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    for name in names:
        if (theirs / name).exists():
            mine = ours / name
            yield str(mine), mine.exists() and mine.read_bytes() == (theirs / name).read_bytes()


def _records(ours: Path, *, theirs: Path) -> Iterator[tuple[str, bool]]:
    """The outcome without times, which has scores and digests of batches and initial weights."""
    outcomes = [_without_times(path / "outcome.json") for path in (ours, theirs)]
    yield str(ours / "outcome.json"), outcomes[0] == outcomes[1]


def _without_times(path: Path) -> Any:
    try:
        record = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return _timeless(record)


def _timeless(record: Any) -> Any:
    if not isinstance(record, dict):
        return record
    return {name: _timeless(value) for name, value in record.items() if name not in _TIMES}
