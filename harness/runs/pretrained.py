"""Runs of a ledger as other runs need them: what one starts from, and models that it draws on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from harness.contracts import Model
from harness.errors import HarnessError
from harness.files import read_json
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover
from harness.registry.serialization import resolved
from harness.runs.identity import digest, training_identity
from harness.runs.ledger import Ledger
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly, Start, assemble, restore
from harness.training.task import vocabulary

CHANGED = "code, corpus or torch changed since the plan was made; run again"


@dataclass(frozen=True)
class RunLoader:
    """Runs of one ledger, read with the plugins and text files of one of them.

    `files` says where text files lie, by the digest of their content.
    """

    ledger: Ledger
    plugins: Plugins
    files: Mapping[str, str]

    @classmethod
    def beside(cls, path: Path) -> RunLoader:
        """The runs that the one in this folder may need."""
        where = read_json(path / "where.json")
        plugins = discover([Path(file) for file in where["plugins"]])
        return cls(Ledger(path.parent), plugins, where["files"])

    def experiment(self, run: str, *, generation: object) -> Experiment:
        """What a run is, by its digest, decoded in this way.

        Raises `HarnessError` if what would run here is not what the run is called after.
        """
        identity = self.ledger.identity(run)
        if identity is None:
            raise HarnessError(f"{self.ledger.run(run)}: there is no such run")
        experiment = experiment_from(
            {**identity["experiment"], "generation": generation},
            catalog=Catalog.of(self.plugins),
            find_file=self.files.__getitem__,
        )
        now = training_identity(experiment, seed=identity["seed"], plugins=self.plugins)
        if digest(now) != run:
            raise HarnessError(CHANGED)
        return experiment

    def assemble(self, experiment: Experiment, *, seed: int) -> Assembly:
        """The live parts of an experiment, begun from what it starts from."""
        start = self._start(experiment) if experiment.starts_from else None
        trained = partial(self._model, like=experiment)
        return assemble(experiment, seed=seed, start=start, trained=trained)

    def _start(self, experiment: Experiment) -> Start:
        run = str(experiment.starts_from)
        codecs = vocabulary(self._needed(run, like=experiment))
        return Start(codecs=codecs, weights=self._weights(run))

    def _model(self, run: str, *, like: Experiment) -> Model:
        """The model of a run, where the run that needs it has its own."""
        needed = self._needed(run, like=like)
        identity = self.ledger.identity(run) or {}
        model = restore(
            needed, seed=identity["seed"], codecs=vocabulary(needed), weights=self._weights(run)
        )
        return model.to(like.budget.device)

    def _needed(self, run: str, *, like: Experiment) -> Experiment:
        # What is only started from or drawn on decodes nothing: any generation will do.
        return self.experiment(run, generation=resolved(like.generation))

    def _weights(self, run: str) -> Mapping[str, torch.Tensor]:
        path = self.ledger.weights(run)
        if path is None:
            raise HarnessError(f"{self.ledger.run(run)}: has no weights to go on from; run again")
        return read_weights(path)


def read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    """The final weights of a run, on the CPU; raises `HarnessError` if they are gone or damaged."""
    retrain = f"remove the folder {path.parent} and `harness run` its study to train it again"
    try:
        weights: Mapping[str, torch.Tensor] = torch.load(
            path, weights_only=True, map_location="cpu"
        )
    except FileNotFoundError:
        raise HarnessError(f"{path}: gone; {retrain}") from None
    except Exception as fault:  # noqa: BLE001 - torch raises what the damage makes it raise
        said = " ".join(str(fault).split())
        raise HarnessError(f"{path}: damaged ({said:.80}); {retrain}") from None
    return weights
