"""Runs that need others: their names, and the reasons why they are new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.pretraining_study import ADAPTING, DRAFTED, DRAFTING

from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.runs import study_folder
from harness.runs.identity import digest
from harness.runs.planned_run import PlannedRun, RunState
from harness.runs.records import RunLocation
from harness.runs.reuse import Reuse


def planned(folder: Path, *changes: tuple[str, str], text: str = ADAPTING) -> PlannedStudy:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "adapting.yaml"
    path.write_text(text)
    (folder / "drafting.py").write_text(DRAFTING)
    return open_study(path, out=folder / "results", seeds=None)


def by_name(opened: PlannedStudy) -> dict[str, PlannedRun]:
    return {run.variant: run for run in opened.plan}


def test_starts_come_first_and_are_not_compared(tmp_path: Path) -> None:
    opened = planned(tmp_path, ("seeds: 1", "seeds: 2"))
    names = ["general", "baseline", "no-dropout", "slower"]
    assert [(run.seed, run.variant) for run in opened.plan] == [
        (seed, name) for seed in (1, 2) for name in names
    ]
    assert [run.title for run in opened.plan[:2]] == ["start general, seed 1", "baseline, seed 1"]
    assert {run.variant for run in opened.runs} == set(names[1:])
    assert {run.variant for run in opened.view().runs} == set(names[1:])
    first, second = (run for run in opened.plan if run.start)
    assert first.digest != second.digest


def test_a_start_is_part_of_a_run_s_identity_and_its_name_is_not(tmp_path: Path) -> None:
    before = by_name(planned(tmp_path))
    renamed = by_name(planned(tmp_path, ("general", "broad")))
    assert renamed["slower"].digest == before["slower"].digest
    longer = by_name(planned(tmp_path, ("averaging: {ema: 0.5}", "budget: {updates: 5}")))
    assert {name for name in before if before[name].digest == longer[name].digest} == set()
    alone = by_name(planned(tmp_path, ("slower: {", "slower: {starts_from: off, ")))
    assert (alone["slower"].needs, alone["baseline"].needs) == ((), (before["general"].digest,))
    assert alone["slower"].digest != before["slower"].digest


def test_a_draft_is_part_of_the_decoding_alone(tmp_path: Path) -> None:
    before, after = (
        by_name(planned(tmp_path, *change, text=DRAFTED))
        for change in ([], [("d_model: 4", "d_model: 2")])
    )
    assert before["drafted"].digest == after["drafted"].digest == before["baseline"].digest
    assert before["drafted"].evaluation != after["drafted"].evaluation
    assert before["baseline"].evaluation == after["baseline"].evaluation
    assert before["drafted"].drafts == (before["small"].digest,)
    assert before["drafted"].needs == before["baseline"].needs == (before["general"].digest,)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("averaging: {ema: 0.5}", "averaging: {ema: 0.6}"), "its start general changed"),
        (("slower: {", "slower: {starts_from: other, "), "changed option starts_from"),
        (("{constant: 1.0e-3}", "{constant: 1.0e-4}"), "changed option schedule"),
        (("{constant: 1.0e-3}", "{noam: {warmup: 1}}"), "changed option schedule"),
    ],
)
def test_a_plan_says_that_a_start_changed(
    change: tuple[str, str], why: str, tmp_path: Path
) -> None:
    text = ADAPTING.replace("variants:", "  other: {}\nvariants:\n  others: {starts_from: other}")
    before = planned(tmp_path, text=text)
    study_folder.remember(before.study, runs=before.plan, folder=before.folder)
    for run in before.plan:
        before.ledger.request(
            run.digest, identity=run.identity, decodings={}, location=RunLocation()
        )
    after = by_name(planned(tmp_path, change, text=text))
    assert after["slower"].why.startswith(why)
    assert after["others"].state is RunState.NEW  # as it was before


def test_a_start_that_nothing_waits_for_is_not_needed(tmp_path: Path) -> None:
    opened = planned(tmp_path)
    for run in opened.runs:
        opened.ledger.request(
            run.digest, identity=run.identity, decodings={}, location=RunLocation()
        )
        opened.ledger.end(run.digest, status="diverged", reason="its start general diverged")
    again = by_name(planned(tmp_path))
    assert (again["general"].exists, again["general"].state) == (True, RunState.NOT_NEEDED)
    assert again["general"].why == "not needed"


def test_what_counts_as_the_same_run_looks_through_its_start(tmp_path: Path) -> None:
    before = planned(tmp_path)
    ledger, renamed = before.ledger, dict[str, str]()
    for run in before.plan:  # the start first, which the others name by its digest
        experiment = {
            name: renamed.get(str(value), value) for name, value in run.identity.experiment.items()
        }
        other = replace(run.identity, experiment=experiment, torch="2.12.0", parts=None)
        renamed[run.digest] = digest(other.deciding())
        decoding = replace(run.decoding, training=renamed[run.digest])
        ledger.request(
            renamed[run.digest],
            identity=other,
            decodings={} if run.start else {"e": decoding},
            location=RunLocation(),
        )
        ledger.end(renamed[run.digest], status="diverged", reason="loss is nan")
    assert {run.state for run in planned(tmp_path).plan} == {RunState.NEW}
    path = before.study.path
    for reuse in (Reuse.SAME_CODE, Reuse.SAME_STUDY):
        again = open_study(path, out=before.out, seeds=None, reuse=reuse)
        general, *variants = again.plan
        assert (general.variant, general.state) == ("general", RunState.NOT_NEEDED)
        assert {run.why for run in variants} == {"diverged, found with torch 2.12.0"}
        assert [run.digest for run in variants] == [renamed[run.digest] for run in before.runs]


def test_a_start_of_other_choices_is_another_run_for_what_starts_from_it(tmp_path: Path) -> None:
    before = by_name(planned(tmp_path))
    change = ("averaging: {ema: 0.5}", "averaging: {ema: 0.6}")
    after = by_name(planned(tmp_path, change))
    for name in ("general", "slower"):
        earlier, later = before[name].identity.parts, after[name].identity.parts
        assert earlier is not None
        assert later is not None
        assert earlier.choices != later.choices
        assert earlier.environment == later.environment
