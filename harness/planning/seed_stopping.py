"""Seeds that stop themselves: which runs a study needs, as far as its results are known.

Nothing is kept: what was looked at, and what was decided there, follows from the runs that exist.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from harness.contracts import Verdict
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.findings import find
from harness.study.values import BASELINE, Study

_DECIDED: tuple[Verdict, ...] = ("better", "worse", "equivalent", "identical")


def runs_due(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> tuple[PlannedRun, ...]:
    """Of all runs that a study may take, those up to the first look that is not complete.

    A variant gets the seeds of the next look while it is undecided, the baseline and what measures
    the noise floor while any is. A study with a number of seeds takes all of its runs.
    """
    wanted, undecided = tuple(runs), set(study.variants)
    needed: set[tuple[str, int]] = set()
    for look in study.design.looks:
        needed |= {(variant, seed) for variant in undecided for seed in study.seeds[:look]}
        wanted = _with_starts(runs, needed=needed)
        if not all(run.exists for run in wanted):
            break
        undecided = _undecided(study, runs=wanted, ledger=ledger)
        if not undecided:
            break
    return wanted


def _with_starts(
    runs: Sequence[PlannedRun], *, needed: Collection[tuple[str, int]]
) -> tuple[PlannedRun, ...]:
    """The needed runs, by variant and seed, and what they wait for."""
    wanted = [run for run in runs if not run.start and (run.variant, run.seed) in needed]
    waited = {each for run in wanted if not run.exists for each in run.needs + run.drafts}
    starts = [run for run in runs if run.start and run.digest in waited]
    return (*starts, *wanted)


def _undecided(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> set[str]:
    """The variants that need more seeds, with what they are held against."""
    primary = study.compare.primary
    metrics = tuple(each for each in study.metrics if each.name == primary)
    _, findings = find(replace(study, metrics=metrics), runs=runs, ledger=ledger)
    open_ = {
        name
        for each in findings
        if each.metric == primary and each.kind != "noise_floor" and each.verdict not in _DECIDED
        for name in ([*study.variants] if each.kind == "effect" else [each.variant, each.against])
    }
    return open_ | {BASELINE, *study.design.noise_floor} if open_ else set()
