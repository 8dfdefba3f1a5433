"""The chain of the record, without any study."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.runs.check import faults
from harness.runs.inspections import (
    COPY,
    RECORD,
    PlanEntry,
    append_entry,
    broken_lines,
    copy_inspections,
    merge_records,
    read_history,
    record_files,
)

RUNS = {name: {"1": "a", "2": "b"} for name in ("baseline", "other")}


def entry(study: str = "tiny", **changed: object) -> PlanEntry:
    plan = PlanEntry(date="", primary="nll", metrics=["nll"], runs={}, study=study)
    return plan._replace(**changed)


def recorded(out: Path) -> list[bytes]:
    """Three lines: a plan, and two inspections of two studies."""
    for line in (entry(), entry(runs=RUNS), entry("other", runs=RUNS)):
        append_entry(line, out=out)
    return (out / RECORD).read_bytes().splitlines(keepends=True)


def test_every_line_holds_the_digest_of_the_line_before(tmp_path: Path) -> None:
    lines = recorded(tmp_path)
    before = ["0" * 64, *(hashlib.sha256(line.rstrip(b"\n")).hexdigest() for line in lines[:-1])]
    history = read_history(tmp_path)
    assert [known.previous for known in history.entries] == before
    assert history.gap == ""
    assert [*broken_lines(tmp_path / RECORD)] == []
    assert [*faults(tmp_path)] == []


@pytest.mark.parametrize("gone", [0, 1])
def test_a_line_that_is_gone_is_named_and_stays_unknown(tmp_path: Path, gone: int) -> None:
    lines = recorded(tmp_path)
    (tmp_path / RECORD).write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    append_entry(entry(), out=tmp_path)
    assert read_history(tmp_path).gap == "a line of its record was changed or deleted"
    (fault,) = faults(tmp_path)
    assert str(fault) == (
        f"{tmp_path / RECORD}: line {gone + 1} does not follow from the line before; nothing: "
        "reports say that the number of inspections is unknown"
    )


def test_the_copy_has_a_study_s_own_inspections_and_shows_a_missing_end(tmp_path: Path) -> None:
    lines = recorded(tmp_path)
    for _ in range(2):
        copy_inspections(tmp_path, folder=tmp_path / "other")
    assert (tmp_path / "other" / COPY).read_bytes() == lines[2]
    (tmp_path / RECORD).write_bytes(b"".join(lines[:2]))
    history = read_history(tmp_path)
    assert history.gap == "a line of its record was deleted"
    assert [known.study for known in history.entries] == ["tiny", "tiny", "other"]


def test_merged_records_remain_whole(tmp_path: Path) -> None:
    source, into = tmp_path / "source", tmp_path / "into"
    recorded(source)
    copy_inspections(source, folder=source / "other")
    append_entry(entry("its own"), out=into)
    for _ in range(2):
        merge_records(source, into=into)
        append_entry(entry("more"), out=source)
    assert len(record_files(into)) == 2
    history = read_history(into)
    assert (len(history.entries), history.gap) == (3 + 1 + 1, "")
    assert [*faults(into)] == []


def test_the_digest_of_a_plan_is_that_of_its_terms(tmp_path: Path) -> None:
    plan = entry(seeds=(1, 2), margins={"nll": 0.5})
    append_entry(plan, out=tmp_path)
    (known,) = read_history(tmp_path).entries
    assert known.plan_digest == plan.plan_digest == entry("b", **_terms(plan)).plan_digest
    assert plan.plan_digest != plan._replace(margins={"nll": 0.4}).plan_digest
    assert plan.plan_digest != plan._replace(seeds=(1, 2, 3)).plan_digest


def _terms(plan: PlanEntry) -> dict[str, object]:
    return {"seeds": plan.seeds, "margins": plan.margins}
