from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_experiment import planned

from harness.analysis import RunResult, ScoredMetric
from harness.report import Report
from harness.report.inspection_log import freeze, is_recorded, record_inspection
from harness.runs import records
from harness.runs.inspections import COPY, PlanEntry, read_history
from harness.runs.planned_run import PlannedRun

NLL, BLEU = (
    ScoredMetric(name="nll", higher_is_better=False),
    ScoredMetric(name="bleu", higher_is_better=True, of_text=True),
)
EXTENDED = (
    "Seeds were added after results had been seen: an unplanned extension inflates false "
    "positives, and no p here is corrected for it."
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


def runs_of(seeds: int) -> list[PlannedRun]:
    return [
        replace(planned(variant, seed=seed), evaluation=f"e-{variant}-{seed}")
        for variant in ("baseline", "other")
        for seed in range(1, seeds + 1)
    ]


def plan_of(seeds: int, *, primary: str = "nll", choices: str = "c") -> PlanEntry:
    return PlanEntry(
        date="2026-01-01T00:00:00+00:00",
        primary=primary,
        metrics=[],
        runs={},
        study="study",
        method="paired_t",
        against="baseline",
        variants={"baseline": f"{choices}-0", "other": f"{choices}-1"},
        seeds=tuple(range(1, seeds + 1)),
    )


def inspect(folder: Path, seeds: int, *, primary: ScoredMetric = NLL, choices: str = "c") -> str:
    plan = plan_of(seeds, primary=primary.name, choices=choices)
    freeze(plan, out=folder.parent, late=False)
    report = report_on(seeds, primary=primary)
    return record_inspection(report, plan=plan, runs=runs_of(seeds), folder=folder).inspections


def test_every_inspection_of_something_new_is_recorded_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    assert inspect(folder, 3) == ""
    assert inspect(folder, 3) == ""  # the same report, written again
    assert inspect(folder, 5) == f"Inspected 2 times: with 3 and 5 seeds. {EXTENDED}"
    assert inspect(folder, 10) == f"Inspected 3 times: with 3, 5 and 10 seeds. {EXTENDED}"
    kept = [json.loads(line) for line in (folder / COPY).read_text().splitlines()]
    assert [len(inspection["runs"]["other"]) for inspection in kept] == [3, 5, 10]
    assert kept[0]["primary"] == "nll"
    assert kept[0]["date"].endswith("+00:00")
    assert kept[0]["runs"]["other"]["1"] == "e-other-1"


def test_seeds_of_the_plan_that_end_later_are_not_added(tmp_path: Path) -> None:
    folder, plan = tmp_path / "study", plan_of(5)
    freeze(plan, out=tmp_path, late=False)
    for seeds in (3, 5):
        report = record_inspection(report_on(seeds), plan=plan, runs=runs_of(seeds), folder=folder)
    assert report.inspections == "Inspected 2 times: with 3 and 5 seeds."


def test_another_primary_metric_is_reported(tmp_path: Path) -> None:
    inspect(tmp_path / "study", 3, primary=BLEU)
    assert inspect(tmp_path / "study", 3) == (
        "Inspected 2 times: with 3 and 3 seeds. "
        "The primary metric was not always nll: it was bleu before."
    )


@pytest.mark.parametrize("before", [1, 3])
def test_one_seed_and_another_experiment_are_no_inspection_of_these_runs(
    tmp_path: Path, before: int
) -> None:
    inspect(tmp_path / "study", before, choices="c" if before == 1 else "former")
    assert inspect(tmp_path / "study", 5) == ""


def test_results_are_recorded_once_somebody_inspected_exactly_them(tmp_path: Path) -> None:
    folder = tmp_path / "study"

    def is_known(seeds: int, *, primary: ScoredMetric = NLL) -> bool:
        report, plan = report_on(seeds, primary=primary), plan_of(seeds, primary=primary.name)
        return is_recorded(report, plan=plan, runs=runs_of(seeds), folder=folder)

    assert not is_known(3)
    inspect(folder, 3)
    inspect(folder, 5)
    assert is_known(3)
    assert not is_known(4)
    assert not is_known(3, primary=BLEU)


def test_results_without_a_finished_run_are_not_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    nothing = replace(report_on(3), results=())
    shown = record_inspection(nothing, plan=plan_of(3), runs=runs_of(3), folder=folder)
    assert shown.inspections == ""
    assert not folder.exists()


def test_a_log_of_an_earlier_version_counts_and_its_end_is_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "former name"
    folder.mkdir()
    former = {"date": "2025-01-01T00:00:00+00:00", "primary": "bleu", "metrics": ["bleu"]}
    names = ("baseline", "other")
    seen = {name: {str(seed): f"e-{name}-{seed}" for seed in (1, 2)} for name in names}
    line = records.line({**former, "runs": seen})
    (folder / COPY).write_text(line, encoding="utf-8")
    plan = plan_of(3)
    shown = record_inspection(report_on(3), plan=plan, runs=runs_of(3), folder=tmp_path / "study")
    assert shown.inspections == (
        "How often these results were inspected is unknown (at least 2 times): these runs are "
        "older than the record of their plan. Inspected 2 times: with 2 and 3 seeds. "
        f"{EXTENDED} The primary metric was not always nll: it was bleu before."
    )


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied"])
def test_a_damaged_inspection_is_said_and_the_others_count(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "study"
    for seeds in (2, 3, 4):
        inspect(folder, seeds)
    (folder / COPY).unlink()
    path = tmp_path / "inspections.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    broken = {
        "flipped": lines[3].replace(b'"nll"', b'"nlm"', 1),
        "cut": lines[3][:60] + b"\n",
        "emptied": b"\n",
    }
    path.write_bytes(b"".join([*lines[:3], broken[damage], *lines[4:]]))
    shown = inspect(folder, 5)
    assert shown == (
        "How often these results were inspected is unknown (at least 3 times): a line of its "
        f"record is damaged. Inspected 3 times: with 2, 4 and 5 seeds. {EXTENDED}"
    )
    assert read_history(tmp_path).gap == "a line of its record is damaged"
    assert f"{path}:4: damaged; this inspection is not counted" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["inspections.jsonl", f"study/{COPY}"])
def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "study"
    inspect(folder, 2)
    path = tmp_path / name
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "sha2')
    inspect(folder, 3)
    assert inspect(folder, 4).endswith(f"Inspected 3 times: with 2, 3 and 4 seeds. {EXTENDED}")
