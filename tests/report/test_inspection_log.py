from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import planned

from harness.analysis import RunResult, ScoredMetric
from harness.report import Report
from harness.report.inspection_log import is_recorded, record_inspection
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


def inspect(folder: Path, seeds: int, *, primary: ScoredMetric = NLL, evaluation: str = "e") -> str:
    return record_inspection(
        report_on(seeds, primary=primary),
        runs=runs_of(seeds, evaluation=evaluation),
        folder=folder,
    )


EXTENDED = (
    "Seeds were added after results had been seen: an unplanned extension inflates false "
    "positives, and no p here is corrected for it."
)


def test_every_inspection_of_something_new_is_recorded_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    assert inspect(folder, 3) == ""
    assert inspect(folder, 3) == ""  # the same report, written again
    assert inspect(folder, 5) == f"Inspected 2 times: with 3 and 5 seeds. {EXTENDED}"
    assert inspect(folder, 10) == f"Inspected 3 times: with 3, 5 and 10 seeds. {EXTENDED}"
    kept = [json.loads(line) for line in (folder / "looks.jsonl").read_text().splitlines()]
    assert [len(inspection["runs"]["other"]) for inspection in kept] == [3, 5, 10]
    assert kept[0]["primary"] == "nll"
    assert kept[0]["date"].endswith("+00:00")
    assert kept[0]["runs"]["other"]["1"] == "e-other-1"


def test_another_primary_metric_is_reported(tmp_path: Path) -> None:
    inspect(tmp_path, 3, primary=BLEU)
    assert inspect(tmp_path, 3) == (
        "Inspected 2 times: with 3 and 3 seeds. "
        "The primary metric was not always nll: it was bleu before."
    )


@pytest.mark.parametrize("before", [1, 3])
def test_one_seed_and_another_experiment_are_no_inspection_of_these_runs(
    tmp_path: Path, before: int
) -> None:
    inspect(tmp_path, before, evaluation="e" if before == 1 else "former")
    assert inspect(tmp_path, 5) == ""


def test_results_are_recorded_once_somebody_inspected_exactly_them(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    report, runs = report_on(3), runs_of(3)
    assert not is_recorded(report, runs=runs, folder=folder)
    record_inspection(report, runs=runs, folder=folder)
    record_inspection(report_on(5), runs=runs_of(5), folder=folder)
    assert is_recorded(report, runs=runs, folder=folder)
    assert not is_recorded(report_on(4), runs=runs_of(4), folder=folder)
    assert not is_recorded(report_on(3, primary=BLEU), runs=runs, folder=folder)


def test_results_without_a_finished_run_are_not_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    nothing = replace(report_on(3), results=())
    assert record_inspection(nothing, runs=runs_of(3), folder=folder) == ""
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied"])
def test_a_damaged_inspection_is_said_and_the_others_count(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for seeds in (2, 3, 4):
        inspect(tmp_path, seeds)
    path = tmp_path / "looks.jsonl"
    first, second, third = path.read_bytes().splitlines(keepends=True)
    broken = {
        "flipped": second.replace(b'"nll"', b'"nlm"', 1),
        "cut": second[:60] + b"\n",
        "emptied": b"\n",
    }
    path.write_bytes(first + broken[damage] + third)
    assert inspect(tmp_path, 5) == f"Inspected 3 times: with 2, 4 and 5 seeds. {EXTENDED}"
    assert f"{path}:2: damaged; this inspection is not counted" in capsys.readouterr().err


def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path: Path) -> None:
    inspect(tmp_path, 2)
    path = tmp_path / "looks.jsonl"
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "sha2')
    inspect(tmp_path, 3)
    assert inspect(tmp_path, 4) == f"Inspected 3 times: with 2, 3 and 4 seeds. {EXTENDED}"
