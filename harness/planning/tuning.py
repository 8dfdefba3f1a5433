"""Equal tuning: the same trials for every variant, judged on validation before any test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from harness.contracts import CORE_METRICS, Design
from harness.planning.plan import plan
from harness.registry.discovery import Plugins
from harness.report import TunedVariant, TuningSummary
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous
from harness.study.values import Study

_TRAINED = "trained, not decoded"  # which is all that is wanted of a trial


def tuning_runs(
    study: Study, *, plugins: Plugins, ledger: Ledger, previous: Previous
) -> tuple[PlannedRun, ...]:
    """The runs of every variant at every value, and what they start from; none without tuning.

    They are trained and not decoded: no score of the test split exists that could be looked at.
    """
    tuning = study.tuning
    if tuning is None:
        return ()
    tried = replace(
        study, variants=tuning.experiments, seeds=tuning.seeds, tuning=None, design=Design()
    )
    return tuple(
        run if run.start else _trial(run)
        for run in plan(tried, plugins=plugins, ledger=ledger, previous=previous)
    )


def _trial(run: PlannedRun) -> PlannedRun:
    trained = run.why == _TRAINED
    why = "exists" if trained else run.why
    return replace(run, start=True, trial=True, exists=run.exists or trained, why=why)


def with_tuned_options(study: Study, *, trials: TuningSummary | None) -> Study:
    """The study with every variant at the value that it got."""
    if study.tuning is None or trials is None:
        return study
    got = {each.variant: each.chosen for each in trials.variants}
    candidates = study.tuning.candidates
    return replace(study, variants={name: candidates[name][got[name]] for name in study.variants})


def tuning_results(
    study: Study, *, trials: Sequence[PlannedRun], ledger: Ledger
) -> TuningSummary | None:
    """What each variant got: the value with the best mean over the trials' seeds.

    Of equals it is the first. Judged by the primary metric or, where that is of text, by the
    likelihood, and on validation. A value with which some trial diverged is the worst.
    """
    tuning = study.tuning
    if tuning is None:
        return None
    metric = study.compare.primary if study.compare.primary in CORE_METRICS else "nll"
    best = max if CORE_METRICS[metric] else min
    worst = -math.inf if CORE_METRICS[metric] else math.inf
    found = []
    for variant, values in tuning.candidates.items():
        scores: Mapping[str, float] = {
            value: fmean(
                _score(run, metric=metric, ledger=ledger, worst=worst)
                for run in trials
                if run.variant == tuning.name(variant, value=value)
            )
            for value in values
        }
        chosen = best(scores, key=scores.__getitem__)
        shown = {value: score if math.isfinite(score) else None for value, score in scores.items()}
        found.append(TunedVariant(variant, chosen, shown))
    return TuningSummary(tuning.option, len(tuning.seeds), metric, found)


def _score(run: PlannedRun, *, metric: str, ledger: Ledger, worst: float) -> float:
    outcome = ledger.outcome(run.digest) or {}
    values = [
        each.value
        for each in ledger.measurements(run.digest)
        if (each.split, each.metric) == ("validation", metric)
    ]
    return values[-1] if values and outcome.get("status") == "finished" else worst
