"""The runs of a study: those that exist already, and the reason why each of the others does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from harness.registry.discovery import Plugins
from harness.runs.identity import (
    content_digest,
    digest,
    evaluation_identity,
    text_files,
    training_identity,
)
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous, identity_change
from harness.study.changes import differences
from harness.study.experiment import Experiment
from harness.study.serialization import trained_runs
from harness.study.values import Study

SCORED_SPLIT = "test"
_DECODED = "generation"  # the field whose options are no part of training


def plan(
    study: Study, *, plugins: Plugins, ledger: Ledger, previous: Previous
) -> tuple[PlannedRun, ...]:
    """Every run of a study, seed by seed: the starts, then the variants with the baseline first.

    Variants that differ only in decoding share their training digest. A start is not needed once
    all runs that need it exist.
    """
    planner = _Planner(study, plugins, ledger, previous)
    return tuple(run for seed in study.seeds for run in planner.runs(seed))


@dataclass(frozen=True)
class _Planner:
    """Makes the runs of a study, one seed after another."""

    study: Study
    plugins: Plugins
    ledger: Ledger
    previous: Previous

    def runs(self, seed: int) -> Iterator[PlannedRun]:
        """The starts and drafts of variants, then the variants."""
        starts = [self._run(name, seed=seed, starts={}) for name in self.study.pretraining]
        digests = {run.variant: run.digest for run in starts}
        variants = [self._run(name, seed=seed, starts=digests) for name in self.study.variants]
        waited = {need for run in variants if not run.exists for need in run.needs + run.drafts}
        for run in starts:
            needless = not run.exists and run.digest not in waited
            yield replace(run, exists=True, why="not needed") if needless else run
        yield from variants

    def _run(self, name: str, *, seed: int, starts: Mapping[str, str]) -> PlannedRun:
        """One run; `starts` maps the name of each run that it may need to its digest."""
        experiment, start = self.study.experiments[name], name in self.study.pretraining
        trained = partial(_digest_of, starts=starts)
        identity = training_identity(experiment, seed=seed, plugins=self.plugins, trained=trained)
        training = digest(identity)
        decoding = evaluation_identity(
            experiment, training=training, split=SCORED_SPLIT, trained=trained
        )
        named = [] if start else trained_runs(experiment)
        run = PlannedRun(
            variant=name,
            seed=seed,
            digest=training,
            evaluation=digest(decoding),
            identity=identity,
            decoding=decoding,
            files=self._files(experiment),
            plugins=tuple(str(file) for file in self.study.plugins),
            exists=False,
            why="new",
            start=start,
            needs=tuple(starts[needed] for place, needed in named if place[0] != _DECODED),
            drafts=tuple(starts[draft] for place, draft in named if place[0] == _DECODED),
        )
        exists, why = _state(run, ledger=self.ledger)
        why = self._changed(run, starts=starts) if why == "new" else why
        return replace(run, exists=exists, why=why)

    def _files(self, experiment: Experiment) -> Mapping[str, str]:
        """The paths of the text files of an experiment and of all its starts, by their digest."""
        experiments = [experiment, *self.study.pretraining.values()]
        files = [file for choices in experiments for file in text_files(choices)]
        return {content_digest(file): file for file in files}

    def _changed(self, run: PlannedRun, *, starts: Mapping[str, str]) -> str:
        """The change that made a run new since the study was planned last, if it was planned."""
        before = self.previous.get((run.variant, run.seed), run.digest)
        known = self.ledger.identity(before) if before != run.digest else None
        if not known:
            return "new"
        names = {self.previous.get((name, run.seed)): name for name in starts}
        for difference in differences(known["experiment"], new=run.identity["experiment"]):
            name = names.get(difference.old)
            if name and starts[name] == difference.new:
                return f"its start {name} changed"
        return identity_change(known, now=run.identity)


def _digest_of(name: str, *, starts: Mapping[str, str]) -> str:
    return starts.get(name, name)  # a start decodes nothing, so its drafts have no digest


def _state(run: PlannedRun, *, ledger: Ledger) -> tuple[bool, str]:
    """True where nothing is left to do, and the state of the run in a few words."""
    outcome = ledger.outcome(run.digest)
    if outcome is None:
        updates = ledger.updates(run.digest)
        return False, f"interrupted at update {updates}" if updates else "new"
    if outcome["status"] == "failed":
        return False, f"failed before: {outcome['reason']}"
    if outcome["status"] == "diverged":
        return True, "diverged"
    if run.start:
        has_weights = ledger.weights(run.digest) is not None
        return has_weights, "exists" if has_weights else "trained, weights gone"
    if ledger.evaluated(run.digest, evaluation=run.evaluation) is None:
        return False, "trained, not decoded"
    return True, "exists"
