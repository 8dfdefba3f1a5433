"""The log of inspections of a study's results, kept in its folder and summed up in its report.

Somebody who inspects, adds seeds and inspects again until something shows will find something: with
inspections at 3, 5 and 10 seeds, 12% of the variants that do nothing have p < .05 at some of them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from harness.files import complete_lines, naming_file, no_link
from harness.notices import warn
from harness.report import Report
from harness.report.verdict_claims import listed
from harness.runs import records
from harness.runs.planned_run import PlannedRun
from harness.study.values import BASELINE

_LOG = "looks.jsonl"
_DIGITS = 12  # of a digest


class Inspection(NamedTuple):
    """An inspection: the metrics, and the evaluation of every finished run by variant and seed."""

    date: str
    primary: str
    metrics: Sequence[str]
    runs: Mapping[str, Mapping[str, str]]

    @property
    def seeds(self) -> int:
        """The most seeds that a variant had in common with the baseline."""
        baseline = self.runs.get(BASELINE, {}).keys()
        others = [seeds.keys() & baseline for name, seeds in self.runs.items() if name != BASELINE]
        return max(map(len, others), default=0)


def record_inspection(report: Report, *, runs: Sequence[PlannedRun], folder: Path) -> str:
    """Add an inspection to the log unless it is the last one again; all of them, summed up.

    Results without a finished run show nothing, and are not recorded.
    """
    inspections, now = _recorded(folder), _inspection(report, runs=runs)
    if now.runs and (not inspections or not _same(inspections[-1], other=now)):
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / _LOG
        with naming_file(log), open(log, "a+b", opener=no_link) as file:
            # A last line that was cut short must not swallow the next one.
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            broken = file.read() not in (b"", b"\n")
            file.write(b"\n" * broken + records.line(now).encode())
        inspections.append(now)
    return inspections_text(inspections, planned=bool(report.design.looks))


def is_recorded(report: Report, *, runs: Sequence[PlannedRun], folder: Path) -> bool:
    """True if the log has an inspection of exactly these results."""
    now = _inspection(report, runs=runs)
    return any(_same(inspection, other=now) for inspection in _recorded(folder))


def inspections_text(inspections: Sequence[Inspection], *, planned: bool) -> str:
    """The number of inspections of these same runs; one of a single seed tests nothing.

    Seeds that were added are not mentioned where a study `planned` to, and corrects for it.
    """
    if not inspections:
        return ""
    last = inspections[-1]
    related = [
        inspection
        for inspection in inspections
        if inspection.seeds > 1 and _continues(inspection, later=last)
    ]
    if len(related) < 2:
        return ""
    counts = [inspection.seeds for inspection in related]
    parts = [f"Inspected {len(related)} times: with {listed(list(map(str, counts)))} seeds."]
    if not planned and any(later > earlier for earlier, later in itertools.pairwise(counts)):
        parts.append(
            "Seeds were added after results had been seen: an unplanned extension inflates false "
            "positives, and no p here is corrected for it."
        )
    others = [inspection.primary for inspection in related]
    others = [primary for primary in others if primary != last.primary]
    if others:
        names = listed(list(dict.fromkeys(others)))
        parts.append(f"The primary metric was not always {last.primary}: it was {names} before.")
    return " ".join(parts)


def _recorded(folder: Path) -> list[Inspection]:
    path = folder / _LOG
    inspections = []
    for number, line in enumerate(complete_lines(path), start=1):
        try:
            inspections.append(records.parse_content(line, kind=Inspection, path=path))
        except ValueError:
            warn(f"{path}:{number}: damaged; this inspection is not counted")
    return inspections


def _same(inspection: Inspection, *, other: Inspection) -> bool:
    """True if two inspections differ at most in their dates."""
    return inspection._replace(date=other.date) == other


def _inspection(report: Report, *, runs: Sequence[PlannedRun]) -> Inspection:
    finished = {
        (result.variant, result.seed) for result in report.results if result.outcome == "finished"
    }
    evaluations: dict[str, dict[str, str]] = {}
    for run in runs:
        if (run.variant, run.seed) in finished:
            seeds = evaluations.setdefault(run.variant, {})
            seeds[str(run.seed)] = run.evaluation[:_DIGITS]  # which covers the training too
    metrics = sorted({finding.metric for finding in report.findings})
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Inspection(date, report.primary.name, metrics, evaluations)


def _continues(earlier: Inspection, *, later: Inspection) -> bool:
    """True if two inspections have a run of a variant in common."""
    return any(
        earlier.runs.get(variant, {}).items() & runs.items()
        for variant, runs in later.runs.items()
        if variant != BASELINE  # many questions share a baseline
    )
