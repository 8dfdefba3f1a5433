"""Equal tuning: the same trials for every variant, judged on validation before any test.

For each seed of the study, a variant's value is chosen by the trials of that seed, so that the
seeds are replicates of tuning and training together. Nothing is stored: the values follow from the
trials that exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.contracts import Design
from harness.planning.plan import plan
from harness.planning.seed_stopping import with_starts
from harness.registry.discovery import Plugins
from harness.report import TuningSummary
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
    """The trials of every variant at every value, and what they start from; none without tuning.

    They are trained and not decoded, so that no score of the test split exists to choose by.
    """
    tuning = study.tuning
    if tuning is None:
        return ()
    # Without looks: every trial is run, and none is tested.
    trials = replace(
        study,
        variants=tuning.experiments,
        seeds=tuning.all_trial_seeds,
        tuning=None,
        design=Design(),
    )
    runs = plan(
        trials, plugins=plugins, ledger=ledger, previous=previous, reuse=reuse, decoded=False
    )
    return tuple(run if run.start else _trial(run) for run in runs)


def _trial(run: PlannedRun) -> PlannedRun:
    trained = run.state is RunState.NOT_DECODED  # which is all that a trial needs
    state = RunState.EXISTS if trained else run.state
    return replace(run, start=True, trial=True, state=state)


def awaiting_trials(study: Study, *, runs: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
    """The same runs, those whose value is not chosen yet as new: they are placeholders."""
    if study.tuning is None:
        return tuple(runs)
    return tuple(
        run
        if run.start or (run.variant, run.seed) in study.tuned
        # Even if a run of the study as written exists: it is not the one that tuning will choose.
        else replace(run, state=RunState.NEW, detail="")
        for run in runs
    )


def with_trials_first(
    study: Study, *, due: Sequence[PlannedRun], trials: Sequence[PlannedRun]
) -> tuple[PlannedRun, ...]:
    """The due runs, with the trials that must come before in the place of placeholders."""
    tuning = study.tuning
    keys = {(run.variant, run.seed) for run in due if not run.start}
    waiting = keys - study.tuned.keys()
    if tuning is None or not waiting:
        return tuple(due)
    needed = {
        (tuning.name(variant, value=value), trial)
        for variant, seed in waiting
        for value in tuning.candidates[variant]
        for trial in tuning.trial_seeds[seed]
    }
    return (*with_starts(trials, needed=needed), *with_starts(due, needed=keys - waiting))


def with_tuned_options(study: Study, *, trials: TuningSummary | None) -> Study:
    """The study with every variant at the value that tuning chose for it, seed by seed."""
    if study.tuning is None or trials is None:
        return study
    candidates = study.tuning.candidates
    tuned = {
        (chosen.variant, seed): candidates[chosen.variant][value]
        for chosen in trials.variants
        for seed, value in chosen.chosen.items()
    }
    if not study.tuning.once:
        return replace(study, tuned=tuned)
    # One value for all seeds is a property of the variant.
    variants = {
        name: tuned.get((name, study.seeds[0]), experiment)
        for name, experiment in study.variants.items()
    }
    return replace(study, tuned=tuned, variants=variants)
