"""The inspections of a study's results, recorded beside its runs and summed up in its report.

Somebody who inspects, adds seeds and inspects again until something shows will find something: with
inspections at 3, 5 and 10 seeds, 12% of the variants that do nothing have p < .05 at some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.report import Report
from harness.report.plan_changes import deviations, frozen_plan, inspected, related, unknown
from harness.report.verdict_claims import listed
from harness.runs.inspections import (
    History,
    PlanEntry,
    append_entry,
    copy_inspections,
    read_history,
)
from harness.runs.planned_run import PlannedRun

_DIGITS = 12  # of a digest
_EXTENDED = (
    "Seeds were added after results had been seen: an unplanned extension inflates false positives,"
    " and no p here is corrected for it."
)


def freeze(plan: PlanEntry, *, out: Path, late: bool) -> PlanEntry:
    """Add a plan to the record, unless it is the last one of the same experiments again.

    `late` says that runs of it exist already. Returns the plan that stands in the record.
    """
    entries = [entry for entry in related(read_history(out, quiet=True), to=plan) if entry.variants]
    if entries and _is_plan(entries[-1], of=plan):
        return entries[-1]
    append_entry(plan._replace(late=late), out=out)
    return plan


def record_inspection(
    report: Report, *, plan: PlanEntry, runs: Sequence[PlannedRun], folder: Path
) -> Report:
    """Record that somebody saw a report, unless the same was seen last; with all inspections.

    Results without a finished run show nothing, and are not recorded.
    """
    out, now = folder.parent, _inspection(report, plan=plan, runs=runs)
    history = read_history(out, quiet=True)
    earlier = [entry for entry in history.entries if entry.study == plan.study and entry.runs]
    if now.runs and (not earlier or not _same(earlier[-1], now=now)):
        append_entry(now, out=out)
        history = History([*history.entries, now], history.gap)
    copy_inspections(out, folder=folder)
    return replace(report, inspections=inspections_text(now, history=history))


def is_recorded(
    report: Report, *, plan: PlanEntry, runs: Sequence[PlannedRun], folder: Path
) -> bool:
    """True if the record has an inspection of exactly these results."""
    now = _inspection(report, plan=plan, runs=runs)
    return any(_same(entry, now=now) for entry in read_history(folder.parent, quiet=True).entries)


def with_deviations(
    report: Report, *, plan: PlanEntry, runs: Sequence[PlannedRun], out: Path
) -> Report:
    """A report that says, in its answer and with every finding, how its plan was changed.

    `runs` are those of its study that may have been seen.
    """
    now = plan._replace(runs=_evaluations(run for run in runs if run.exists))
    history = read_history(out, quiet=True)
    sentences = deviations(now, history=history, results=bool(report.results))
    text = " ".join(sentences)
    findings = [replace(finding, deviations=text) for finding in report.findings]
    return replace(report, deviations=sentences, findings=findings)


def inspections_text(now: PlanEntry, *, history: History) -> str:
    """The number of inspections of the same experiments; one of a single seed tests nothing.

    Seeds that were added are not mentioned where a study planned to, and corrects for it.
    """
    entries = inspected(history, to=now)
    gap = unknown(now, history=history) if now.runs else ""
    parts = []
    if gap:
        least = f" (at least {len(entries)} times)" if len(entries) > 1 else ""
        parts.append(f"How often these results were inspected is unknown{least}: {gap}.")
    if len(entries) > 1:
        counts = [str(len(entry.seen_seeds)) for entry in entries]
        parts.append(f"Inspected {len(entries)} times: with {listed(counts)} seeds.")
        parts += _added_seeds(entries, now=now, frozen=frozen_plan(history, to=now))
        others = [entry.primary for entry in entries if entry.primary != now.primary]
        if others:
            names = listed([*dict.fromkeys(others)])
            parts.append(f"The primary metric was not always {now.primary}: it was {names} before.")
    return " ".join(parts)


def _added_seeds(
    entries: Sequence[PlanEntry], *, now: PlanEntry, frozen: PlanEntry | None
) -> list[str]:
    if now.looks:
        return []
    # Seeds that were left out and put back, or that had not ended yet, are none that were added.
    known = frozen and entries[0].variants  # the plan was frozen before the first of them
    planned = set(map(str, frozen.seeds)) if frozen and known else entries[0].seen_seeds
    return [] if all(entry.seen_seeds <= planned for entry in entries) else [_EXTENDED]


def _is_plan(entry: PlanEntry, *, of: PlanEntry) -> bool:
    """True if an entry has the plan of another, whatever was seen of it."""
    return (entry.study, entry.plan_digest) == (of.study, of.plan_digest)


def _same(entry: PlanEntry, *, now: PlanEntry) -> bool:
    if entry.variants:
        return entry.same(now)
    # An entry of an earlier version knows no plan.
    return (entry.primary, entry.metrics, entry.runs) == (now.primary, now.metrics, now.runs)


def _inspection(report: Report, *, plan: PlanEntry, runs: Sequence[PlannedRun]) -> PlanEntry:
    finished = {
        (result.variant, result.seed) for result in report.results if result.outcome == "finished"
    }
    evaluations = _evaluations(run for run in runs if (run.variant, run.seed) in finished)
    metrics = sorted({finding.metric for finding in report.findings})
    return plan._replace(metrics=metrics, runs=evaluations)


def _evaluations(runs: Iterable[PlannedRun]) -> Mapping[str, Mapping[str, str]]:
    """The evaluations of runs, by variant and seed."""
    evaluations: dict[str, dict[str, str]] = {}
    for run in runs:
        seeds = evaluations.setdefault(run.variant, {})
        seeds[str(run.seed)] = run.evaluation[:_DIGITS]  # which covers the training too
    return evaluations
