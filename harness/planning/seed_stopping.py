"""Group-sequential seeds: the runs that a study needs, given the results that exist.

Nothing is stored: the looks so far, and the decisions at each, follow from the runs that exist.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from harness.analysis.correction import DIFFERENT
from harness.contracts import Verdict
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.scoring.findings import find
from harness.study.values import BASELINE, Study

_DECIDED: tuple[Verdict, ...] = (*DIFFERENT, "equivalent", "identical")


def runs_due(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> tuple[PlannedRun, ...]:
    """The runs of a study up to its first look that is not complete.

    A variant gets the seeds of the next look while it is undecided, the baseline and the variants
    of the noise floor while any variant is. A study with a fixed number of seeds gets all its runs.
    """
    due, undecided = tuple(runs), set(study.variants)
    needed: set[tuple[str, int]] = set()
    for look in study.design.look_factors:
        needed |= {(variant, seed) for variant in undecided for seed in study.seeds[:look]}
        due = with_starts(runs, needed=needed)
        if not all(run.exists for run in due):
            break
        undecided = _undecided(study, runs=due, ledger=ledger)
        if not undecided:
            break
    return due


def with_starts(
    runs: Sequence[PlannedRun], *, needed: Collection[tuple[str, int]]
) -> tuple[PlannedRun, ...]:
    """The needed runs or trials, by name and seed, and the starts and drafts that they wait for."""
    due = [
        run for run in runs if (run.trial or not run.start) and (run.variant, run.seed) in needed
    ]
    waited = {need for run in due if not run.exists for need in run.needs + run.drafts}
    starts = [run for run in runs if run.start and not run.trial and run.digest in waited]
    return (*starts, *due)


def _undecided(study: Study, *, runs: Sequence[PlannedRun], ledger: Ledger) -> set[str]:
    """The variants that need more seeds, with those that they are compared with."""
    primary = study.compare.primary
    # The other metrics decide nothing here, and some take long to compute.
    metrics = tuple(metric for metric in study.metrics if metric.name == primary)
    _, findings = find(replace(study, metrics=metrics), runs=runs, ledger=ledger)
    undecided = {
        name
        for finding in findings
        if finding.metric == primary
        and finding.kind != "noise_floor"
        and finding.verdict not in _DECIDED
        # The effect of a factor is estimated from all cells, so all of them get more seeds.
        for name in (
            study.variants if finding.kind == "effect" else (finding.variant, finding.against)
        )
    }
    # These keep nothing open, but are of use only with as many seeds as the variants have.
    return undecided | {BASELINE, *study.design.noise_floor} if undecided else set()
