"""A finished run, live again outside its worker: its model, its vocabularies, and how it writes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from harness.components import Generation
from harness.contracts import Codecs, Corpus
from harness.errors import HarnessError
from harness.files import read_json
from harness.loading import parse_component
from harness.loading.validation import experiment_from
from harness.model import Transformer
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs.identity import content_digest, digest, training_identity
from harness.runs.ledger import Ledger
from harness.runs.planned_run import identity_change
from harness.runs.pretrained import RunLoader, read_weights
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly, load_weights

_DIGITS = 12  # of a digest, enough to tell runs apart


@dataclass(frozen=True, kw_only=True)
class RestoredRun:
    """A finished run with its final weights, without noise, on a device that is here.

    `generation` is how it writes: as its study says, or as was asked for. `changed` says what is
    not as it was when the run was trained, its code as a rule, so that it may write something else
    now; empty for nothing.
    """

    digest: str
    parts: Assembly
    generation: Generation
    changed: str = ""

    @property
    def model(self) -> Transformer:
        """The model, with its final weights."""
        return self.parts.model

    @property
    def codecs(self) -> Codecs:
        """Text to token numbers and back, for source and target."""
        return self.parts.task.codecs

    @property
    def corpus(self) -> Corpus:
        """The sentences that the run learned from, and those that it was tested on."""
        return self.parts.task.corpus

    @property
    def name(self) -> str:
        """As much of the digest as tells runs apart."""
        return self.digest[:_DIGITS]


def find_run(name: str, *, ledger: Ledger) -> Path:
    """The folder of the run of this name: a path to it, or the first digits of its digest.

    Raises `HarnessError` where there is none, and where there are several.
    """
    with suppress(OSError):  # of a name longer than a system allows
        if (Path(name) / "run.json").is_file():
            return Path(name).resolve()
    found = sorted(path.parent for path in ledger.root.glob("*/run.json"))
    found = [path for path in found if path.name.startswith(name)]
    if not found:
        raise HarnessError(
            f"{name}: no run in {ledger.root} begins so, and no study has that path; "
            "`harness plan STUDY` lists the runs of a study"
        )
    if len(found) > 1:
        names = ", ".join(path.name[:_DIGITS] for path in found[:4])
        more = ", ..." if len(found) > 4 else ""
        raise HarnessError(f"{name!r}: {len(found)} runs begin so ({names}{more}); say more of it")
    return found[0].resolve()


def restore_run(
    folder: Path, *, decoding: str | None = None, generation: str | None = None
) -> RestoredRun:
    """The finished run in a folder.

    It writes as one of its decodings does, `decoding` or the first that was asked for, or as
    `generation` says in a study's words. Raises `HarnessError` for a run that is not finished,
    whose corpus or plugin files are gone or changed, or whose choices are not on offer any more.
    """
    _refuse_unfinished(folder)
    run, where = _facts(folder / "run.json"), _facts(folder / "where.json")
    plugins = discover([Path(file) for file in where["plugins"]])
    catalog = Catalog.of(plugins)
    decoding = decoding or next(iter(where["evaluations"]), None)
    experiment = experiment_from(
        {**run["experiment"], "generation": _generation(folder, decoding=decoding, where=where)},
        catalog=catalog,
        find_file=partial(_find_file, files=where["files"]),
    )
    now = training_identity(experiment, seed=run["seed"], plugins=plugins)
    why = "" if digest(now) == folder.name else identity_change(run, now=now)
    runs = RunLoader(Ledger(folder.parent), plugins, where["files"])
    parts = runs.assemble(_here(experiment), seed=run["seed"])
    _load(parts, folder=folder, why=why)
    writes: Generation = experiment.generation
    if generation is not None:
        writes = parse_component(generation, slot=Generation.slot, catalog=catalog)
    return RestoredRun(digest=folder.name, parts=parts, generation=writes, changed=why)


def _generation(folder: Path, *, decoding: str | None, where: Mapping[str, Any]) -> object:
    """How a decoding of the run writes; a start has none, and only says how it would."""
    if decoding is None:
        return where["generation"]
    return _facts(folder / "evaluations" / decoding / "evaluation.json")["generation"]


def _refuse_unfinished(folder: Path) -> None:
    ledger, name = Ledger(folder.parent), folder.name
    outcome = ledger.outcome(name) or {}
    status, reason = outcome.get("status"), outcome.get("reason", "")
    if status == "finished":
        return
    if status == "diverged":
        raise HarnessError(f"run {name[:_DIGITS]} diverged ({reason}), and has no weights to use")
    if status == "failed":
        fault = f"failed: {reason}"
    else:
        fault = f"is not finished, it is at update {ledger.updates(name)}"
    raise HarnessError(f"run {name[:_DIGITS]} {fault}; `harness run` its study first")


def _facts(path: Path) -> Mapping[str, Any]:
    facts = read_json(path)
    if not isinstance(facts, dict):
        raise HarnessError(f"{path}: missing or damaged; `harness run` its study again")
    return facts


def _find_file(name: str, *, files: Mapping[str, str]) -> str:
    """Where the file of this content lies; raises `ValueError` where it does no more."""
    path = files.get(name, "")
    if not Path(path).is_file():
        raise ValueError(f"the run's corpus is gone: {path or name}")
    if content_digest(path) != name:
        raise ValueError(f"the run's corpus has changed since it was trained: {path}")
    return path


def _here(experiment: Experiment) -> Experiment:
    """The experiment on a device that is here."""
    budget = experiment.budget
    if budget.device == "cuda" and not torch.cuda.is_available():
        return replace(experiment, budget=replace(budget, device="cpu"))
    return experiment


def _load(parts: Assembly, *, folder: Path, why: str) -> None:
    """Put the final weights in the model; raises `HarnessError` where they do not fit."""
    path = folder / "weights.pt"
    weights = read_weights(path)
    try:
        load_weights(parts.model, weights=weights)
    except (KeyError, RuntimeError) as error:
        said = why or " ".join(str(error).split())
        raise HarnessError(
            f"{path}: its weights do not fit the model that is built now ({said}); "
            "`harness run` its study again"
        ) from None
