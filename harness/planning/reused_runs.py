"""Ended runs of a ledger in place of planned ones, found with other code or elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.comparability.mixing import mixed
from harness.errors import HarnessError
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins
from harness.runs.identity_parts import (
    StartParts,
    identity_parts,
    sources,
    with_start_choices,
)
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous, RunState
from harness.runs.records import IdentityParts, RunIdentity
from harness.runs.reuse import Reuse
from harness.study.serialization import resolved_experiment


@dataclass(frozen=True, kw_only=True)
class KnownRuns:
    """The ended runs of a ledger, as candidates for planned ones.

    `previous` is the last plan of the study. Without `decoded`, training is all that a run needs.
    """

    ledger: Ledger
    plugins: Plugins
    previous: Previous
    reuse: Reuse
    decoded: bool

    def chosen(
        self, runs: Sequence[PlannedRun], *, starts: Sequence[PlannedRun]
    ) -> Sequence[PlannedRun]:
        """The variants of one seed, the baseline first, with what counts as the same run.

        `starts` are the planned runs that they need. Of the code and environments of the baseline's
        candidates, those that most variants have a run of come first, so that as few pairs as
        possible mix them; of equals, today's.
        """
        if self.reuse is Reuse.IDENTICAL or all(map(self._done, runs)):
            return runs
        planned = {run.digest: run.identity.parts for run in starts}

        def parts(digest: str) -> IdentityParts | None:
            return planned.get(digest) or self.ledger.parts(digest)

        candidates = [[*self._candidates(run, of_start=parts)] for run in runs]
        anchors = [runs[0], *candidates[0]]
        fits = [[_first(known, like=anchor) for known in candidates] for anchor in anchors]
        best = max(fits, key=lambda fitting: sum(run is not None for run in fitting))
        return [
            fitting or next(iter(known), run)
            for run, known, fitting in zip(runs, candidates, best, strict=True)
        ]

    def _done(self, run: PlannedRun) -> bool:
        return run.exists or (not self.decoded and run.state is RunState.NOT_DECODED)

    def _candidates(self, run: PlannedRun, *, of_start: StartParts) -> Iterator[PlannedRun]:
        """The runs that count as this one: itself, then those that differ least, if they ended."""
        if self._done(run):
            yield run
        before = self.previous.get((run.variant, run.seed))
        parts = run.identity.parts
        same = self._by_choices.get(parts.choices, ()) if parts else ()
        names = dict.fromkeys([*([before] if before else []), *same, *self._earlier(run)])
        ranked = [(self._rank(run, digest=name), name) for name in names]
        for rank, name in sorted(ranked, key=lambda pair: pair[0]):
            if rank <= self.reuse.rank and not self.ledger.damage(name):
                yield from self._ended(run, digest=name, of_start=of_start)

    @cached_property
    def _by_choices(self) -> Mapping[str, Sequence[str]]:
        """The runs of the ledger by the digest of their choices."""
        runs = defaultdict(list)
        for path in sorted(self.ledger.root.glob("*/run.json")):
            if parts := self.ledger.parts(path.parent.name):
                runs[parts.choices].append(path.parent.name)
        return runs

    def _earlier(self, run: PlannedRun) -> Iterator[str]:
        """The runs of an earlier core that may have the same choices, of fewer options."""
        now = run.identity
        for name, then in self._identities.items():
            if (
                then.seed == now.seed
                and then.code.get("harness") != now.code.get("harness")
                and _within(then.experiment, now=now.experiment)
            ):
                yield name

    @cached_property
    def _identities(self) -> Mapping[str, RunIdentity]:
        names = [path.parent.name for path in sorted(self.ledger.root.glob("*/run.json"))]
        return {name: identity for name in names if (identity := self.ledger.identity(name))}

    def _rank(self, run: PlannedRun, *, digest: str) -> int:
        """The first value of `Reuse` that admits a run in place of a planned one."""
        found, wanted = self.ledger.parts(digest), run.identity.parts
        if found is None or wanted is None:
            return Reuse.ANY.rank
        if found.choices != wanted.choices and self._choices(run, digest=digest) != wanted.choices:
            return Reuse.ANY.rank
        return (Reuse.SAME_CODE if found.code == wanted.code else Reuse.SAME_STUDY).rank

    def _choices(self, run: PlannedRun, *, digest: str) -> str | None:
        """The digest of a run's choices as they are written today, with options added since."""
        identity = self.ledger.identity(digest)
        today = identity and self.in_options_of_today(run, identity=identity)
        return identity_parts(today, of_start=self.ledger.parts).choices if today else None

    def in_options_of_today(self, run: PlannedRun, *, identity: RunIdentity) -> RunIdentity | None:
        """A recorded identity with the defaults of options that came later; None if it is old.

        Those are no choices that somebody has changed since.
        """
        data = self._as_today(run, identity=identity)
        if data is None:
            return None
        experiment = {name: value for name, value in data.items() if name != "generation"}
        # What today's identity leaves out, as it decides no bits, is no choice either.
        kept = run.identity.experiment["budget"].keys() | identity.experiment["budget"].keys()
        budget = {name: value for name, value in data["budget"].items() if name in kept}
        experiment["budget"] = budget
        return replace(identity, experiment=experiment)

    def _as_today(
        self, run: PlannedRun, *, identity: RunIdentity, generation: Any = None
    ) -> Mapping[str, Any] | None:
        """A recorded experiment with the defaults of options that came later; None if it is old."""
        recorded = {
            **identity.experiment,
            "generation": run.decoding.generation if generation is None else generation,
        }
        try:
            # Files go by their digests on either side, wherever they may be by now.
            experiment = experiment_from(recorded, catalog=self._catalog)
        except (HarnessError, LookupError, ValueError):  # a choice that is gone
            return None
        data: Mapping[str, Any] = resolved_experiment(experiment)
        return data

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog.of(self.plugins)

    def _ended(self, run: PlannedRun, *, digest: str, of_start: StartParts) -> Iterator[PlannedRun]:
        """A run of the ledger as a planned one, for each decoding of it that has the same choices.

        None if it has not ended. A start that is gone does not matter: nothing is trained.
        """
        identity, status = self.ledger.identity(digest), self.ledger.status(digest)
        if identity is None or status not in ("finished", "diverged"):
            return
        identity = self.in_options_of_today(run, identity=identity) or identity
        found = replace(run, digest=digest, identity=identity, detail="", today=run.identity)
        state = RunState.EXISTS if status == "finished" else RunState.DIVERGED
        if not self.decoded:
            trained = RunState.NOT_DECODED if status == "finished" else state
            yield replace(found, state=trained)
            return
        for name, decoding in self.ledger.decodings(digest):
            ended = status == "diverged" or self.ledger.evaluated(digest, evaluation=name)
            planned = (digest, name) == (run.digest, run.evaluation)
            decoded = replace(found, evaluation=name, decoding=decoding, state=state)
            if ended and not planned and self._decodes_alike(decoded, of=run, of_start=of_start):
                yield decoded

    def _decodes_alike(self, run: PlannedRun, *, of: PlannedRun, of_start: StartParts) -> bool:
        """True if a run was decoded as a planned one would be, whatever its code."""
        decoding, wanted = run.decoding, of.decoding
        other_code = sources(decoding.code) != sources(wanted.code)
        if decoding.split != wanted.split or (other_code and self.reuse is Reuse.SAME_CODE):
            return False
        today = self._as_today(of, identity=run.identity, generation=decoding.generation)
        written = [decoding.generation, *([today["generation"]] if today else [])]
        asked = with_start_choices(wanted.generation, of_start=of_start)
        return asked in [with_start_choices(choices, of_start=of_start) for choices in written]


def _within(then: object, *, now: object) -> bool:
    """True if all choices of a record hold today, when there may be more of them."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return all(key in now and _within(value, now=now[key]) for key, value in then.items())
    return then == now


def _first(known: Sequence[PlannedRun], *, like: PlannedRun) -> PlannedRun | None:
    """The first of these runs that shares code and environment with another."""
    return next((run for run in known if not mixed(run, other=like)), None)
