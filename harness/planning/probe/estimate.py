"""The time and memory that a study will take, estimated from a probe of its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapreplace

from harness.planning.probe.messages import ProbeResult
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.experiment import Budget
from harness.study.values import Study


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Seconds of one run of each variant and of all missing runs with so many jobs, and memory."""

    probed: Mapping[str, ProbeResult]
    runs: Mapping[str, float]
    jobs: int
    missing: int
    seconds: float
    memory: int  # bytes, of all jobs together


def estimate(
    study: Study,
    *,
    probed: Mapping[str, ProbeResult],
    runs: Sequence[PlannedRun],
    ledger: Ledger,
    jobs: int,
) -> Estimate:
    """Extrapolate from a probe; variants that could not be probed are left out."""
    known = {name: result for name, result in probed.items() if not result.fault}
    budgets = {name: choices.budget for name, choices in study.experiments.items()}
    # By digest, since variants that differ in decoding alone are one run.
    waiting = {run.digest: run for run in runs if not run.exists and run.variant in known}
    durations = [
        _seconds(
            known[run.variant],
            budget=budgets[run.variant],
            after=ledger.updates(run.digest),
        )
        for run in waiting.values()
    ]
    slots = [0.0] * jobs
    for seconds in durations:  # in their order, each in the slot that is free first
        heapreplace(slots, slots[0] + seconds)
    # The worst case: those that need most run at the same time.
    heaviest = sorted((result.memory for result in known.values()), reverse=True)[:jobs]
    return Estimate(
        probed=probed,
        runs={
            name: _seconds(result, budget=budgets[name], after=0) for name, result in known.items()
        },
        jobs=jobs,
        missing=len(waiting),
        seconds=max(slots),
        memory=sum(heaviest),
    )


def _seconds(probed: ProbeResult, *, budget: Budget, after: int) -> float:
    """A run's time from the update after `after`; the test split is scored like validation."""
    updates = budget.updates - after
    # Two more: before the first update, and of the test split.
    evaluations = 2 + -(-updates // budget.evaluate_every)
    spent = updates * probed.update + evaluations * probed.evaluation
    return probed.setup + spent + probed.decoding
