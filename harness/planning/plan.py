"""From a study to its runs: which there are, which exist already, and why the others do not."""

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
from harness.runs.planned_run import PlannedRun, Previous, RunState, identity_change
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.study.changes import differences
from harness.study.experiment import Experiment
from harness.study.serialization import trained_runs
from harness.study.values import Study

SCORED_SPLIT = "test"
_DECODED = "generation"  # what stands there is no part of training


def plan(
    study: Study, *, plugins: Plugins, ledger: Ledger, previous: Previous
) -> tuple[PlannedRun, ...]:
    """Every run of a study, seed by seed: the starts, then the variants with the baseline first.

    Variants that differ only in decoding share their training digest. A start is not needed where
    everything that needs it exists.
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
        """What variants start from or draw on, then the variants."""
        starts = [self._run(name, seed=seed, starts={}) for name in self.study.pretraining]
        digests = {run.variant: run.digest for run in starts}
        variants = [self._run(name, seed=seed, starts=digests) for name in self.study.variants]
        waited = {each for run in variants if not run.exists for each in run.needs + run.drafts}
        for run in starts:
            idle = not run.exists and run.digest not in waited
            yield replace(run, state=RunState.NOT_NEEDED) if idle else run
        yield from variants

    def _run(self, name: str, *, seed: int, starts: Mapping[str, str]) -> PlannedRun:
        """One run; `starts` has the digest of everything that it may need, by name."""
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
            identity=RunIdentity(**identity),
            decoding=DecodingIdentity(**decoding),
            files=self._files(experiment),
            plugins=tuple(str(file) for file in self.study.plugins),
            state=RunState.NEW,
            start=start,
            needs=tuple(starts[each] for place, each in named if place[0] != _DECODED),
            drafts=tuple(starts[each] for place, each in named if place[0] == _DECODED),
        )
        state, detail = _state(run, ledger=self.ledger)
        if state is RunState.NEW:
            state, detail = self._changed(run, starts=starts)
        return replace(run, state=state, detail=detail)

    def _files(self, experiment: Experiment) -> Mapping[str, str]:
        """Where the text files lie of an experiment and of all that it may start from."""
        every = [experiment, *self.study.pretraining.values()]
        return {content_digest(file): file for each in every for file in text_files(each)}

    def _changed(self, run: PlannedRun, *, starts: Mapping[str, str]) -> tuple[RunState, str]:
        """The change that made the run differ from that of the last plan; NEW without one."""
        before = self.previous.get((run.variant, run.seed), run.digest)
        known = self.ledger.identity(before) if before != run.digest else None
        if not known:
            return RunState.NEW, ""
        began = {self.previous.get((name, run.seed)): name for name in starts}
        for each in differences(known.experiment, new=run.identity.experiment):
            name = began.get(each.old)
            if name and starts[name] == each.new:
                return RunState.START_CHANGED, name
        return RunState.CHANGED, identity_change(known, now=run.identity)


def _digest_of(name: str, *, starts: Mapping[str, str]) -> str:
    return starts.get(name, name)  # a start decodes nothing: what it names for that is never read


def _state(run: PlannedRun, *, ledger: Ledger) -> tuple[RunState, str]:
    """The state of a run in the ledger, and its detail; NEW if there is nothing of it."""
    outcome = ledger.outcome(run.digest)
    if outcome is None:
        updates = ledger.updates(run.digest)
        return (RunState.INTERRUPTED, str(updates)) if updates else (RunState.NEW, "")
    if outcome.status == "failed":
        return RunState.FAILED, outcome.reason or ""
    if outcome.status == "diverged":
        return RunState.DIVERGED, ""
    if run.start:
        there = ledger.weights(run.digest) is not None
        return (RunState.EXISTS if there else RunState.WITHOUT_WEIGHTS), ""
    decoded = ledger.evaluated(run.digest, evaluation=run.evaluation) is not None
    return (RunState.EXISTS if decoded else RunState.NOT_DECODED), ""
