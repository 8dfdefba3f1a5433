"""Equal tuning: the same trials for every variant, judged on validation before any test."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from harness.contracts import CORE_METRICS, Design
from harness.planning.plan import plan
from harness.registry.discovery import Plugins
from harness.report import TunedVariant, TuningSummary
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous, RunState
from harness.runs.reuse import Reuse
from harness.study.values import Study


def tuning_runs(
    study: Study,
    *,
    plugins: Plugins,
    ledger: Ledger,
    previous: Previous,
    reuse: Reuse = Reuse.IDENTICAL,
) -> tuple[PlannedRun, ...]:
    """The runs of every variant at every value, and what they start from; none without tuning.

    They are trained and not decoded, so that no score of the test split exists to choose by.
    """
    tuning = study.tuning
    if tuning is None:
        return ()
    # Without looks: every trial is run, and none is tested.
    trials = replace(
        study, variants=tuning.experiments, seeds=tuning.seeds, tuning=None, design=Design()
    )
    runs = plan(
        trials, plugins=plugins, ledger=ledger, previous=previous, reuse=reuse, decoded=False
    )
    return tuple(run if run.start else _trial(run) for run in runs)


def _trial(run: PlannedRun) -> PlannedRun:
    trained = run.state is RunState.NOT_DECODED  # which is all that a trial needs
    state = RunState.EXISTS if trained else run.state
    return replace(run, start=True, trial=True, state=state)


def with_tuned_options(study: Study, *, trials: TuningSummary | None) -> Study:
    """The study with every variant at the value that tuning chose for it."""
    if study.tuning is None or trials is None:
        return study
    chosen = {tuned.variant: tuned.chosen for tuned in trials.variants}
    candidates = study.tuning.candidates
    variants = {name: candidates[name][chosen[name]] for name in study.variants}
    return replace(study, variants=variants)


def tuning_results(
    study: Study, *, trials: Sequence[PlannedRun], ledger: Ledger
) -> TuningSummary | None:
    """The value chosen for each variant: the one with the best mean over the trials' seeds.

    Trials are judged on validation, by the primary metric or, where that is of text, by the
    likelihood. A value with which some trial diverged, or has no finite score after its last
    update, is the worst. Of equals the first is chosen.
    """
    tuning = study.tuning
    if tuning is None:
        return None
    metric = study.compare.primary if study.compare.primary in CORE_METRICS else "nll"
    best = max if CORE_METRICS[metric] else min  # of equals, both take the first
    worst = -math.inf if CORE_METRICS[metric] else math.inf
    tuned = []
    for variant, values in tuning.candidates.items():
        scores: Mapping[str, float] = {
            value: _mean(
                _score(run, metric=metric, ledger=ledger, worst=worst)
                for run in trials
                if run.variant == tuning.name(variant, value=value)
            )
            for value in values
        }
        chosen = best(scores, key=scores.__getitem__)
        # JSON has no infinities.
        shown = {value: score if math.isfinite(score) else None for value, score in scores.items()}
        tuned.append(TunedVariant(variant, chosen, shown))
    return TuningSummary(tuning.option, len(tuning.seeds), metric, tuned)


def _mean(scores: Iterable[float]) -> float:
    """The mean; infinite, and thus the worst, where a sum of perplexities overflows."""
    values = [*scores]
    try:
        return fmean(values)
    except OverflowError:
        return math.inf


def _score(run: PlannedRun, *, metric: str, ledger: Ledger, worst: float) -> float:
    """The score after the last update, and no older one: one that overflowed is not stored."""
    if ledger.status(run.digest) != "finished":
        return worst
    scored = [row for row in ledger.measurements(run.digest) if row.split == "validation"]
    last = max((row.update for row in scored), default=None)
    values = {row.metric: row.value for row in scored if row.update == last}
    return values.get(metric, worst)
