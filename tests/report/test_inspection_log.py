from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import planned

from harness.analysis import RunResult, ScoredMetric
from harness.report import Report
from harness.report.inspection_log import record_inspection
from harness.runs.planned_run import PlannedRun

NLL, BLEU = (
    ScoredMetric(name="nll", higher_is_better=False),
    ScoredMetric(name="bleu", higher_is_better=True, of_text=True),
)


def report_on(seeds: int, *, primary: ScoredMetric = NLL) -> Report:
    """A study of two variants, all finished."""
    return Report(
        name="tiny",
        question="?",
        primary=primary,
        variants=("baseline", "other"),
        seeds=tuple(range(1, seeds + 1)),
        results=[
            RunResult(variant=variant, seed=seed, outcome="finished", scores={"nll": 1.0})
            for variant in ("baseline", "other")
            for seed in range(1, seeds + 1)
        ],
        findings=(),
        changes={},
        samples=(),
        signatures={},
        command="",
        versions={},
    )


def runs_of(seeds: int, *, evaluation: str = "e") -> list[PlannedRun]:
    return [
        replace(planned(variant, seed=seed), evaluation=f"{evaluation}-{variant}-{seed}")
        for variant in ("baseline", "other")
        for seed in range(1, seeds + 1)
    ]


def look(folder: Path, seeds: int, *, primary: ScoredMetric = NLL, evaluation: str = "e") -> str:
    return record_inspection(
        report_on(seeds, primary=primary),
        runs=runs_of(seeds, evaluation=evaluation),
        folder=folder,
    )


EXTENDED = (
    "Seeds were added after results had been seen: an unplanned extension inflates false "
    "positives, and no p here is corrected for it."
)


def test_every_look_at_something_new_is_kept_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    assert look(folder, 3) == ""
    assert look(folder, 3) == ""  # the same report, written again
    assert look(folder, 5) == f"Looked at 2 times: with 3 and 5 seeds. {EXTENDED}"
    assert look(folder, 10) == f"Looked at 3 times: with 3, 5 and 10 seeds. {EXTENDED}"
    kept = [json.loads(line) for line in (folder / "looks.jsonl").read_text().splitlines()]
    assert [len(each["runs"]["other"]) for each in kept] == [3, 5, 10]
    assert kept[0]["primary"] == "nll"
    assert kept[0]["date"].endswith("+00:00")
    assert kept[0]["runs"]["other"]["1"] == "e-other-1"


def test_another_primary_metric_is_told(tmp_path: Path) -> None:
    look(tmp_path, 3, primary=BLEU)
    assert look(tmp_path, 3) == (
        "Looked at 2 times: with 3 and 3 seeds. "
        "The primary metric was not always nll: it was bleu before."
    )


@pytest.mark.parametrize("before", [1, 3])
def test_one_seed_and_another_experiment_are_no_look_at_these_runs(
    tmp_path: Path, before: int
) -> None:
    look(tmp_path, before, evaluation="e" if before == 1 else "former")
    assert look(tmp_path, 5) == ""
