"""Rules of variants that start from the folder of an exported model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.loading.model_folder import read_config
from harness.loading.validation_errors import DataFault
from harness.registry.option_types import shown
from harness.study.changes import differences
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment, trained_runs

_CHAINED = "a pretraining cannot start from another model; remove starts_from"


def folder_faults(
    variants: Mapping[str, Experiment], *, pretraining: Mapping[str, Experiment]
) -> Iterator[tuple[str, DataFault]]:
    """Choices that do not fit the folder, each with the name of the experiment to change."""
    for name, variant in variants.items():
        if variant.starts_from and variant.starts_from.is_folder:
            yield from ((name, fault) for fault in _unequal(variant, folder=variant.starts_from))
            yield from ((name, fault) for fault in _other_vocabulary(variant))
    for name, experiment in pretraining.items():
        if experiment.starts_from and experiment.starts_from.is_folder:
            yield name, DataFault(("starts_from",), _CHAINED, at_key=True)


def _unequal(variant: Experiment, *, folder: str) -> Iterator[DataFault]:
    """Options of the model and the tokenizer that the folder has otherwise."""
    config = read_config(Path(folder))
    choices = resolved_experiment(variant)
    for slot, then in (("model", config.model), ("tokenizer", config.tokenizer)):
        found = differences(choices[slot], new=then, path=(slot,))
        there = [f"{difference.option} is {shown(difference.new)} there" for difference in found]
        if there:
            fault = f"{slot} must equal that of the model in {folder}: {', '.join(there)}"
            yield DataFault((slot,), fault, at_key=True)


def _other_vocabulary(variant: Experiment) -> Iterator[DataFault]:
    """Uses of a run of the study, which learns the ids of its own corpus."""
    for path, run in trained_runs(variant):
        fault = (
            f"{shown(run)} learns a vocabulary of its own, and a variant that starts from a folder "
            "has that of the folder; start from a pretraining, or remove it"
        )
        yield DataFault(path, fault)
