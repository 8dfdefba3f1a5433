"""The runs of a study: those that exist already, and the reason why each of the others does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from harness.components.options import InitialWeights
from harness.loading.model_folder import folder_digest
from harness.planning.reused_runs import KnownRuns
from harness.registry.discovery import Plugins
from harness.runs.identity import (
    content_digest,
    digest,
    evaluation_identity,
    text_files,
    training_identity,
)
from harness.runs.identity_parts import identity_parts
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous, RunState, identity_change
from harness.runs.records import DecodingIdentity, RunIdentity
from harness.runs.reuse import Reuse
from harness.study.changes import differences
from harness.study.experiment import Experiment
from harness.study.serialization import trained_runs
from harness.study.values import Study

SCORED_SPLIT = "test"
_DECODED = "generation"  # the field whose options are no part of training


def plan(
    study: Study,
    *,
    plugins: Plugins,
    ledger: Ledger,
    previous: Previous,
    reuse: Reuse = Reuse.IDENTICAL,
    decoded: bool = True,
) -> tuple[PlannedRun, ...]:
    """Every run of a study, seed by seed: the starts, then the variants with the baseline first.

    Variants that differ only in decoding share their training digest. A start is not needed once
    all runs that need it exist. What `reuse` takes for a variant is in its place; without
    `decoded`, runs that are trained suffice.
    """
    known = KnownRuns(
        ledger=ledger, plugins=plugins, previous=previous, reuse=reuse, decoded=decoded
    )
    planner = _Planner(study, plugins, ledger, previous, known)
    return tuple(run for seed in study.seeds for run in planner.runs(seed))


@dataclass(frozen=True)
class _Planner:
    """Makes the runs of a study, one seed after another."""

    study: Study
    plugins: Plugins
    ledger: Ledger
    previous: Previous
    known: KnownRuns
    documents: dict[str, Sequence[str]] = field(default_factory=dict)

    def runs(self, seed: int) -> Iterator[PlannedRun]:
        """The starts and drafts of variants, then the variants."""
        # First: the digest of what starts from a run contains the digest of that run.
        starts = [self._run(name, seed=seed, starts={}) for name in self.study.pretraining]
        named = {run.variant: run for run in starts}
        planned = [self._run(name, seed=seed, starts=named) for name in self.study.variants]
        variants = self.known.chosen(planned, starts=starts)
        waited = {need for run in variants if not run.exists for need in run.needs + run.drafts}
        for run in starts:
            needed = run.digest in waited
            if not run.exists and not needed:
                yield replace(run, state=RunState.NOT_NEEDED, detail="")
            # Weights are large, so they are read, and checked, only where something starts from
            # them.
            elif run.exists and needed and self.ledger.damaged_weights(run.digest):
                yield replace(run, state=RunState.DAMAGED, detail="weights.pt damaged")
            else:
                yield run
        yield from variants

    def _run(self, name: str, *, seed: int, starts: Mapping[str, PlannedRun]) -> PlannedRun:
        """One run; `starts` has the runs that it may need by their names."""
        experiment = self.study.experiment(name, seed=seed)
        start = name in self.study.pretraining
        digests = {name: run.digest for name, run in starts.items()}
        trained = partial(_digest_of, starts=digests)
        identity = training_identity(experiment, seed=seed, plugins=self.plugins, trained=trained)
        training = digest(identity)
        decoding = evaluation_identity(
            experiment, training=training, split=SCORED_SPLIT, trained=trained
        )
        named = [] if start else trained_runs(experiment)  # a start needs no other run
        run = PlannedRun(
            variant=name,
            seed=seed,
            digest=training,
            evaluation=digest(decoding),
            identity=_with_parts(RunIdentity(**identity), starts=starts.values()),
            decoding=DecodingIdentity(**decoding),
            files=self._files(experiment),
            plugins=tuple(str(file) for file in self.study.plugins),
            state=RunState.NEW,
            start=start,
            documents=() if start else self._documents(name),
            needs=tuple(digests[needed] for place, needed in named if place[0] != _DECODED),
            drafts=tuple(digests[draft] for place, draft in named if place[0] == _DECODED),
            ranks=experiment.budget.parallel.data,
        )
        state, detail = _state(run, ledger=self.ledger)
        if state is RunState.NEW:
            state, detail = self._changed(run, starts=digests)
        return replace(run, state=state, detail=detail)

    def _files(self, experiment: Experiment) -> Mapping[str, str]:
        """The paths of what an experiment and all its starts read, by the digest of the content."""
        experiments = [experiment, *self.study.pretraining.values()]
        files = [file for choices in experiments for file in text_files(choices)]
        start = experiment.starts_from
        folders = [str(start)] if start and start.is_folder else []
        return {
            **{content_digest(file): file for file in files},
            **{folder_digest(folder): folder for folder in folders},
        }

    def _documents(self, name: str) -> Sequence[str]:
        """The document of each line of the test split, read once for all seeds."""
        if name not in self.documents:
            dataset = self.study.experiments[name].dataset
            self.documents[name] = tuple(dataset.test_documents())
        return self.documents[name]

    def _changed(self, run: PlannedRun, *, starts: Mapping[str, str]) -> tuple[RunState, str]:
        """The change that made the run differ from that of the last plan; NEW without one."""
        before = self.previous.get((run.variant, run.seed), run.digest)
        known = self.ledger.identity(before) if before != run.digest else None
        if not known:
            return RunState.NEW, ""
        known = self.known.in_options_of_today(run, identity=known) or known
        names = {self.previous.get((name, run.seed)): name for name in starts}
        # A start is a digest here; a reader wants the name of the start that changed.
        for difference in differences(known.experiment, new=run.identity.experiment):
            name = names.get(difference.old) if isinstance(difference.old, str) else None
            if name and starts[name] == difference.new:
                return RunState.START_CHANGED, name
        return RunState.CHANGED, identity_change(known, now=run.identity)


def _with_parts(identity: RunIdentity, *, starts: Iterable[PlannedRun]) -> RunIdentity:
    known = {run.digest: run.identity.parts for run in starts}
    return replace(identity, parts=identity_parts(identity, of_start=known.get))


def _digest_of(name: str, *, starts: Mapping[str, str]) -> str:
    if InitialWeights(name).is_folder:
        return folder_digest(name)
    return starts.get(name, name)  # a start decodes nothing, so its drafts have no digest


def _state(run: PlannedRun, *, ledger: Ledger) -> tuple[RunState, str]:
    """The state of a run in the ledger, and its detail; NEW if there is nothing of it."""
    outcome = ledger.outcome(run.digest)
    if damage := ledger.damage(run.digest):
        return RunState.DAMAGED, damage
    if outcome is None:
        updates = ledger.updates(run.digest)
        return (RunState.INTERRUPTED, str(updates)) if updates else (RunState.NEW, "")
    if outcome.status == "failed":
        return RunState.FAILED, outcome.reason or ""
    if outcome.status == "diverged":
        return RunState.DIVERGED, ""
    if run.start:
        has_weights = ledger.weights(run.digest) is not None
        return (RunState.EXISTS if has_weights else RunState.WITHOUT_WEIGHTS), ""
    return _decoded_state(run, ledger=ledger)


def _decoded_state(run: PlannedRun, *, ledger: Ledger) -> tuple[RunState, str]:
    if damage := ledger.damaged_decoding(run.digest, evaluation=run.evaluation):
        return RunState.NOT_DECODED, f" ({damage})"
    decoded = ledger.evaluated(run.digest, evaluation=run.evaluation) is not None
    return (RunState.EXISTS if decoded else RunState.NOT_DECODED), ""
