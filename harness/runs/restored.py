"""Finished runs, restored outside their workers: model, vocabularies and generation."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from harness.components import Generation
from harness.contracts import Codecs, Corpus
from harness.errors import HarnessError
from harness.loading import parse_component
from harness.loading.validation import experiment_from
from harness.model import SequenceModel
from harness.notices import warn
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs import records
from harness.runs.identity import content_digest, digest, training_identity
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, identity_change
from harness.runs.pretrained import RunLoader, read_weights
from harness.runs.records import RunIdentity, RunLocation
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly
from harness.training.checkpoint import settle
from harness.training.network import load_weights

_DIGITS = 12  # of a digest, enough to identify a run


@dataclass(frozen=True, kw_only=True)
class RestoredRun:
    """A finished run with its final weights, without noise, on an available device.

    `generation` is the study's, or the one that was chosen instead. `changed` names the differences
    since the run was trained, of its code as a rule, so that its output may differ now; empty
    without any.
    """

    digest: str
    parts: Assembly
    generation: Generation
    changed: str = ""

    @property
    def model(self) -> SequenceModel:
        """The model, with its final weights."""
        return self.parts.model

    @property
    def codecs(self) -> Codecs:
        """The codecs between text and token numbers, for source and target."""
        return self.parts.task.codecs

    @property
    def corpus(self) -> Corpus:
        """The corpus that the run was trained and tested on."""
        return self.parts.task.corpus

    @property
    def name(self) -> str:
        """The first digits of the digest, which identify the run."""
        return self.digest[:_DIGITS]


def find_run(name: str, *, ledger: Ledger) -> Path:
    """The folder of the run of this name: a path to it, or the first digits of its digest.

    Raises `HarnessError` if there is none, or if there are several.
    """
    with suppress(OSError):  # of a name longer than a system allows
        if (Path(name) / "run.json").is_file():
            return Path(name).resolve()
    folders = sorted(path.parent for path in ledger.root.glob("*/run.json"))
    folders = [folder for folder in folders if folder.name.startswith(name)]
    if not folders:
        raise HarnessError(
            f"{name}: no run in {ledger.root} begins with these digits, and no study has that "
            "path; `harness plan STUDY` lists the runs of a study"
        )
    if len(folders) > 1:
        names = ", ".join(folder.name[:_DIGITS] for folder in folders[:4])
        more = ", ..." if len(folders) > 4 else ""
        raise HarnessError(
            f"{name!r}: {len(folders)} runs begin with these digits ({names}{more}); give more"
        )
    return folders[0].resolve()


def open_run(
    folder: Path, *, planned: PlannedRun | None = None, generation: str | None = None
) -> RestoredRun:
    """The finished run in a folder as `restore_run` has it; warns of changes since its training.

    `planned` is its plan, if it is named by its study.
    """
    decoding = None if planned is None or planned.start else planned.evaluation
    location = located(folder, planned=planned)
    run = restore_run(folder, decoding=decoding, generation=generation, location=location)
    # As in training: with other threads or kernels, the last bits, and so ties, could differ.
    settle(run.parts.experiment.budget)
    if run.changed:
        changed = f"run {run.name}: {run.changed} since it was trained"
        warn(f"{changed}; its translations may differ now")
    return run


def located(folder: Path, *, planned: PlannedRun | None) -> RunLocation | None:
    """The location of a run as the study has it that it is named by; None without one.

    A run that was merged, or moved, has them elsewhere than it was trained with, or nowhere.
    """
    if planned is None:
        return None
    location = Ledger(folder.parent).location(folder.name)
    decoded = () if planned.start else (planned.evaluation,)
    return replace(location, files=planned.files, plugins=planned.plugins, evaluations=decoded)


def restore_run(
    folder: Path,
    *,
    decoding: str | None = None,
    generation: str | None = None,
    location: RunLocation | None = None,
) -> RestoredRun:
    """The finished run in a folder.

    Its generation is that of one of its decodings, `decoding` or the first that was requested, or
    else `generation`, in YAML. Its files are where `location` has them, or else where they were.
    Raises `HarnessError` for a run that is not finished, whose corpus or plugin files are gone or
    changed, or whose components are no longer installed.
    """
    _refuse_unfinished(folder)
    ledger = Ledger(folder.parent)
    run = records.require(folder / "run.json", kind=RunIdentity)
    if location is None:
        location = ledger.location(folder.name)
        if decoding:  # of a study that need not be the last one to request something of this run
            location = ledger.decoding_location(folder.name, evaluation=decoding)
    plugins = discover([Path(file) for file in location.plugins])
    catalog = Catalog.of(plugins)
    stored = _generation(folder, decoding=decoding, location=location)
    experiment = experiment_from(
        {**run.experiment, "generation": stored},
        catalog=catalog,
        find_file=partial(find_text_file, files=location.files),
    )
    now = training_identity(experiment, seed=run.seed, plugins=plugins)
    changed = ""
    if digest(now) != folder.name:
        changed = f"changed {identity_change(run, now=RunIdentity(**now))}"
    runs = RunLoader(ledger, plugins, location.files)
    # Moved after the comparison of digests, as the device is part of the identity.
    parts = runs.assemble(_on_available_device(experiment), seed=run.seed)
    _load(parts, folder=folder, changed=changed)
    chosen: Generation = experiment.generation
    if generation is not None:
        chosen = parse_component(generation, slot=Generation.slot, catalog=catalog)
    return RestoredRun(digest=folder.name, parts=parts, generation=chosen, changed=changed)


def _generation(folder: Path, *, decoding: str | None, location: RunLocation) -> object:
    """The generation of a decoding, by default the first; that of the location for a start."""
    name = decoding or next(iter(location.evaluations), None)
    if name is None:
        return location.generation
    return Ledger(folder.parent).decoding(folder.name, evaluation=name).generation


def _refuse_unfinished(folder: Path) -> None:
    ledger, name = Ledger(folder.parent), folder.name
    outcome = ledger.outcome(name)
    if outcome is None:
        fault = f"is not finished, it is at update {ledger.updates(name)}"
    elif outcome.status == "finished":
        return
    elif outcome.status == "diverged":
        raise HarnessError(
            f"run {name[:_DIGITS]} diverged ({outcome.reason or ''}), and has no final weights; "
            "choose another run"
        )
    else:
        fault = f"failed: {outcome.reason or ''}"
    raise HarnessError(f"run {name[:_DIGITS]} {fault}; `harness run` its study first")


def find_text_file(name: str, *, files: Mapping[str, str]) -> str:
    """The path of the file of this content; raises `ValueError` if it is gone or changed."""
    path = files.get(name, "")
    if not Path(path).is_file():
        raise ValueError(f"the run's corpus is gone: {path or name}")
    if content_digest(path) != name:
        raise ValueError(f"the run's corpus has changed since it was trained: {path}")
    return path


def _on_available_device(experiment: Experiment) -> Experiment:
    """The experiment on the CPU if it was trained on a GPU and there is none here."""
    budget = experiment.budget
    if budget.device == "cuda" and not torch.cuda.is_available():
        return replace(experiment, budget=replace(budget, device="cpu"))
    return experiment


def _load(parts: Assembly, *, folder: Path, changed: str) -> None:
    """Load the final weights into the model; raises `HarnessError` if they do not fit."""
    path = folder / "weights.pt"
    weights = read_weights(path)
    try:
        load_weights(parts.model, weights=weights)
    except (KeyError, RuntimeError) as error:  # a name that is gone, or another shape
        cause = changed or " ".join(str(error).split())
        raise HarnessError(
            f"{path}: its weights do not fit the model that is built now ({cause}); "
            "`harness run` its study again"
        ) from None
