"""A finished run trained and decoded again in another ledger, with the code and torch of today.

Where those have changed since, so has the name of the run. The runs that it starts from, or draws
on, are not trained again: their weights are copied, under the names that they have today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.exchange.environment import environment_changes
from harness.exchange.run_files import copy_folder, decodings, left_out_reason, training_files
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.registry.serialization import leaves
from harness.runs import records
from harness.runs.identity import digest, evaluation_identity, training_identity
from harness.runs.ledger import Ledger
from harness.runs.records import DecodingIdentity, RunIdentity, RunLocation
from harness.runs.restored import find_text_file
from harness.runs.worker import perform
from harness.study.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """A run and the same run again: two folders, and decodings by their names then and now."""

    then: Path
    now: Path
    decodings: Mapping[str, str]
    environment: tuple[str, ...]


def reproduce(folder: Path, *, location: RunLocation, into: Path) -> Reproduced:
    """Train the run of a folder again, in a ledger `into`, with the files of a location.

    The decodings that the location names are made again: others may need other plugins. Raises
    `HarnessError` for a run that is not finished, whose files are gone, or whose plugins no longer
    offer its components.
    """
    if fault := left_out_reason(folder):
        raise HarnessError(f"{folder}: {fault}; only a finished run can be reproduced")
    replica = _Replica(
        Ledger(folder.parent), Ledger(into), _plugins(location), replace(location, evaluations=())
    )
    name = replica.place(folder.name)
    then = records.require(folder / "run.json", kind=RunIdentity)
    now = records.require(into / name / "run.json", kind=RunIdentity)
    decoded = {
        decoding: replica.request(folder.name, evaluation=decoding)
        for decoding in decodings(folder)
        if decoding in location.evaluations
    }
    perform(into / name)
    return Reproduced(
        then=folder,
        now=into / name,
        decodings=decoded,
        environment=tuple(environment_changes(then, now=now)),
    )


def _plugins(location: RunLocation) -> Plugins:
    return discover([Path(file) for file in location.plugins])


@dataclass(frozen=True)
class _Replica:
    """Runs of one ledger by their names in another; `names` maps one to the other."""

    source: Ledger
    target: Ledger
    plugins: Plugins
    location: RunLocation
    names: dict[str, str] = field(default_factory=dict)

    def place(self, run: str) -> str:
        """Request a run, with copies of those that it needs; its name in the other ledger."""
        then = records.require(self.source.run(run) / "run.json", kind=RunIdentity)
        self._copy_needed(then.experiment)
        generation = self._renamed(self._generation(run))
        experiment = self._experiment(then, generation=generation)
        now = training_identity(experiment, seed=then.seed, plugins=self.plugins)
        self.names[run] = digest(now)
        location = replace(self.location, generation=generation)
        self.target.request(
            self.names[run], identity=RunIdentity(**now), decodings={}, location=location
        )
        return self.names[run]

    def request(self, run: str, *, evaluation: str) -> str:
        """Request a decoding of a run that has its place; its name in the other ledger."""
        then = self.source.decoding(run, evaluation=evaluation)
        self._copy_needed(then.generation)
        identity = records.require(self.source.run(run) / "run.json", kind=RunIdentity)
        experiment = self._experiment(identity, generation=self._renamed(then.generation))
        now = evaluation_identity(experiment, training=self.names[run], split=then.split)
        folder = self.target.evaluation(self.names[run], evaluation=digest(now))
        folder.mkdir(parents=True)
        records.write_record(folder / "evaluation.json", record=DecodingIdentity(**now))
        records.write_record(folder / "where.json", record=self.location)
        return folder.name

    def _experiment(self, identity: RunIdentity, *, generation: Any) -> Experiment:
        return experiment_from(
            {**self._renamed(identity.experiment), "generation": generation},
            catalog=Catalog.of(self.plugins),
            find_file=partial(find_text_file, files=self.location.files),
        )

    def _generation(self, run: str) -> Any:
        """Any generation of a run: its training does not depend on it."""
        for name in decodings(self.source.run(run)):
            return self.source.decoding(run, evaluation=name).generation
        return self.source.location(run).generation

    def _copy_needed(self, choices: Any) -> None:
        """Copy the runs that choices name, with their weights, under their names of today."""
        for run in self._runs_in(choices):
            if run not in self.names:
                path = self.target.run(self.place(run))
                files = dict(training_files(self.source.run(run), weights=True))
                for name in ("run.json", "where.json"):
                    del files[name]
                copy_folder(files, to=path)

    def _runs_in(self, choices: Any) -> Iterator[str]:
        for leaf in leaves(choices):
            if isinstance(leaf, str) and (self.source.root / leaf / "run.json").is_file():
                yield leaf

    def _renamed(self, choices: Any) -> Any:
        """Choices with the runs in them by their names in the other ledger."""
        if isinstance(choices, Mapping):
            return {key: self._renamed(value) for key, value in choices.items()}
        if isinstance(choices, list | tuple):
            return [self._renamed(value) for value in choices]
        return self.names.get(choices, choices) if isinstance(choices, str) else choices
