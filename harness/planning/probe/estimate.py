"""How long a study will take, and what memory, from a probe of its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapreplace

from harness.planning.probe.messages import Probed
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.experiment import Budget
from harness.study.values import Study


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Seconds of a whole run by variant, of all that is missing with so many jobs, and memory."""

    probed: Mapping[str, Probed]
    runs: Mapping[str, float]
    jobs: int
    missing: int
    seconds: float
    memory: int  # bytes, of all jobs together


def estimate(
    study: Study,
    *,
    probed: Mapping[str, Probed],
    runs: Sequence[PlannedRun],
    ledger: Ledger,
    jobs: int,
) -> Estimate:
    """Extrapolate; what could not be probed is left out."""
    known = {name: each for name, each in probed.items() if not each.fault}
    budgets = {name: each.budget for name, each in study.experiments.items()}
    waiting = {run.digest: run for run in runs if not run.exists and run.variant in known}
    lasts = [
        _seconds(
            known[run.variant],
            budget=budgets[run.variant],
            after=ledger.updates(run.digest),
        )
        for run in waiting.values()
    ]
    slots = [0.0] * jobs
    for seconds in lasts:  # in their order, each to whoever is free first
        heapreplace(slots, slots[0] + seconds)
    heaviest = sorted((each.memory for each in known.values()), reverse=True)[:jobs]
    return Estimate(
        probed=probed,
        runs={name: _seconds(each, budget=budgets[name], after=0) for name, each in known.items()},
        jobs=jobs,
        missing=len(waiting),
        seconds=max(slots),
        memory=sum(heaviest),
    )


def _seconds(probed: Probed, *, budget: Budget, after: int) -> float:
    """A run's time from the update after `after`; the test split is scored like validation."""
    updates = budget.updates - after
    evaluations = 2 + -(-updates // budget.evaluate_every)
    spent = updates * probed.update + evaluations * probed.evaluation
    return probed.setup + spent + probed.decoding
