"""Loading of runs that other runs need: to start from, or as draft models."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from harness.contracts import Model
from harness.errors import HarnessError
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.registry.serialization import resolved
from harness.runs import records
from harness.runs.exported import read_start
from harness.runs.identity import digest, training_identity
from harness.runs.ledger import Ledger
from harness.runs.records import RunIdentity, RunLocation
from harness.runs.tokenized import Corpora
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly, Start, assemble
from harness.training.network import restore

CHANGED = "code, corpus or torch changed since the plan was made; run again"


@dataclass(frozen=True)
class RunLoader:
    """A loader of the runs of one ledger, with the plugins and text files of one of them.

    `files` has the paths of text files by the digest of their content.
    """

    ledger: Ledger
    plugins: Plugins
    files: Mapping[str, str]

    @classmethod
    def beside(cls, path: Path) -> RunLoader:
        """The loader for the run in this folder, and for those beside it that it needs."""
        ledger = Ledger(path.parent)
        location = ledger.location(path.name)
        plugins = discover([Path(file) for file in location.plugins])
        return cls(ledger, plugins, location.files)

    def of(self, location: RunLocation, *, loaded: Sequence[str]) -> RunLoader:
        """A loader with the text files and plugins of a location; those `loaded` are not again."""
        plugins = self.plugins
        if location.plugins != tuple(loaded):
            plugins = discover([Path(file) for file in location.plugins])
        return RunLoader(self.ledger, plugins, {**self.files, **location.files})

    def experiment(self, run: str, *, generation: object) -> Experiment:
        """The experiment of a run, with this generation.

        Raises `HarnessError` if its digest here, with today's code, is not the run's.
        """
        identity = self.ledger.identity(run)
        if identity is None:
            raise HarnessError(f"{self.ledger.run(run)}: no such run")
        experiment = experiment_from(
            {**identity.experiment, "generation": generation},
            catalog=Catalog.of(self.plugins),
            find_file=self.files.__getitem__,
        )
        now = training_identity(experiment, seed=identity.seed, plugins=self.plugins)
        if digest(now) != run:
            raise HarnessError(CHANGED)
        return experiment

    def assemble(self, experiment: Experiment, *, seed: int) -> Assembly:
        """The parts of an experiment, with the initial weights of the run that it starts from."""
        start = self._start(experiment) if experiment.starts_from else None
        task = self._corpora.prepare(experiment, codecs=start.codecs if start else None)
        trained = self.trained(experiment)
        return assemble(experiment, seed=seed, task=task, start=start, trained=trained)

    @property
    def _corpora(self) -> Corpora:
        return Corpora(self.ledger.root.parent)

    def trained(self, experiment: Experiment) -> Callable[[str], Model]:
        """``Setting.trained`` for an experiment: the models of the runs that it draws on."""
        return partial(self._model, like=experiment)

    def _start(self, experiment: Experiment) -> Start:
        # The digest of the start is an option of the experiment, so that which run it is, and with
        # it all that decides its weights, is part of this run's identity. This module finds them.
        if experiment.starts_from and experiment.starts_from.is_folder:
            return read_start(experiment, folder=self.files.get(experiment.starts_from))
        run = str(experiment.starts_from)
        codecs = self._corpora.vocabulary(self._needed(run, like=experiment))
        return Start(codecs=codecs, weights=self._weights(run))

    def _model(self, run: str, *, like: Experiment) -> Model:
        """The model of a run, on the device of the run that needs it."""
        needed = self._needed(run, like=like)
        seed = records.require(self.ledger.run(run) / "run.json", kind=RunIdentity).seed
        codecs = self._corpora.vocabulary(needed)
        model = restore(needed, seed=seed, weights=self._weights(run), codecs=codecs)
        return model.to(like.budget.device)

    def _needed(self, run: str, *, like: Experiment) -> Experiment:
        # A start or draft model decodes nothing by itself: any generation will do.
        return self.experiment(run, generation=resolved(like.generation))

    def _weights(self, run: str) -> Mapping[str, torch.Tensor]:
        path = self.ledger.weights(run)
        if path is None:
            raise HarnessError(f"{self.ledger.run(run)}: no final weights; run again")
        return read_weights(path)


def read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    """The final weights of a run, on the CPU; raises `HarnessError` if missing or damaged."""
    retrain = f"remove the folder {path.parent} and `harness run` its study to train it again"
    try:
        # The very bytes whose digest was checked; without code that a pickle could carry.
        weights: Mapping[str, torch.Tensor] = torch.load(
            io.BytesIO(_as_written(path)), weights_only=True, map_location="cpu"
        )
    except FileNotFoundError:
        raise HarnessError(f"{path}: gone; {retrain}") from None
    except Exception as fault:  # noqa: BLE001 - torch raises what the damage makes it raise
        line = " ".join(str(fault).split())
        raise HarnessError(f"{path}: damaged ({line:.80}); {retrain}") from None
    return weights


def _as_written(path: Path) -> bytes:
    """The content of a run's file; raises `ValueError` if its outcome has another digest of it."""
    content = path.read_bytes()
    outcome = Ledger(path.parent.parent).outcome(path.parent.name)
    recorded = ((outcome and outcome.files) or {}).get(path.name)
    if recorded not in (None, hashlib.sha256(content).hexdigest()):
        raise ValueError("its SHA-256 is another")
    return content
