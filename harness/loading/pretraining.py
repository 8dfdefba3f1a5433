"""Rules of pretraining: the runs that variants start from or use, and their compatibility."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import yaml

from harness.loading.overrides import ExperimentNode
from harness.loading.validation_errors import DataFault, DataPath
from harness.loading.yaml_nodes import YamlFault, entries
from harness.registry.option_types import shown, suggestion
from harness.study.experiment import Experiment
from harness.study.serialization import trained_runs
from harness.study.values import BASELINE

STARTS_FROM = "starts_from"
_SHARED = ("tokenizer", "model")  # by a run and the pretraining it starts from
_OF_VOCABULARY = ("dataset", "tokenizer")
_UNDECODED = "generation"  # unused in a pretraining, which generates no text


class _Study(NamedTuple):
    variants: Mapping[str, Experiment]
    pretraining: Mapping[str, Experiment]


def pretraining_names(root: yaml.Node) -> Collection[str]:
    """The names of all entries under `pretraining`."""
    entry = entries(root).get("pretraining")
    return entries(entry.value).keys() if entry else ()


def find_pretraining(name: str, *, among: Collection[str]) -> str:
    """The name itself; raises `ValueError` if there is no such pretraining."""
    if name in among:
        return name
    rest = suggestion(name, among=among, otherwise="there are")
    raise ValueError(f"no pretraining named {shown(name)}; {rest}")


def pretraining_faults(
    variants: Mapping[str, Experiment], *, pretraining: Mapping[str, Experiment]
) -> Iterator[tuple[str, DataFault]]:
    """Incompatible choices, each with the name of the experiment to change."""
    study = _Study(variants, pretraining)
    for name, variant in study.variants.items():
        for path, run in trained_runs(variant):
            if run not in study.pretraining:
                continue  # invalid itself, which is reported at its own place
            if path == (STARTS_FROM,):
                owner = f"a variant that starts from {shown(run)}"
                yield from _changed(name, study=study, owner=owner)
                owner = f"the pretraining of {shown(name)}"
                yield from _changed(run, study=study, owner=owner)
                yield from _adapters(run, study=study)
            else:
                yield from _other_vocabulary(name, study=study, path=path, run=run)
    for name, path, _ in _chained(pretraining):
        if path == (STARTS_FROM,):
            fault = "a pretraining cannot start from another; remove starts_from"
            yield name, DataFault(path, fault, at_key=True)
        else:
            yield name, DataFault(path, "a pretraining cannot use another; remove it")


def unused_pretraining(
    variants: Mapping[str, Experiment],
    *,
    pretraining: Mapping[str, Experiment],
    nodes: Iterable[ExperimentNode],
) -> Iterator[YamlFault]:
    """Pretrainings that nothing uses, which would be trained for nothing."""
    used: set[str] = {run for variant in variants.values() for _, run in trained_runs(variant)}
    # Chained ones are a fault already; a second line about the same entry would only distract.
    used |= {run for _, _, run in _chained(pretraining)}
    for node in nodes:
        if node.name not in used:
            yield YamlFault(node.mark, f"pretraining {shown(node.name)} is never used; remove it")


def _chained(pretraining: Mapping[str, Experiment]) -> Iterator[tuple[str, DataPath, str]]:
    """Each trained run that a pretraining itself needs for its training."""
    for name, experiment in pretraining.items():
        for path, run in trained_runs(experiment):
            if path[0] != _UNDECODED:
                yield name, path, run


def _changed(name: str, *, study: _Study, owner: str) -> Iterator[tuple[str, DataFault]]:
    """Choices that must equal the baseline's, so that weights fit, and do not."""
    experiment = {**study.variants, **study.pretraining}[name]
    baseline = study.variants.get(BASELINE)
    for slot in _SHARED:
        if baseline and getattr(experiment, slot) != getattr(baseline, slot):
            fault = f"{slot} must equal the baseline's in {owner}"
            yield name, DataFault((slot,), fault, at_key=True)


def _adapters(name: str, *, study: _Study) -> Iterator[tuple[str, DataFault]]:
    """The regularizers of a start that add parameters, which no other run has in these places."""
    baseline = study.variants.get(BASELINE)
    for regularizer, component in study.pretraining[name].regularizers.items():
        if component.adds_adapters:
            under = baseline.regularizers if baseline else {}
            origin = ", from the baseline" if under.get(regularizer) == component else ""
            off = "remove it"
            if regularizer in under:  # only what the baseline has can be turned off
                off = f"say regularizers: {{{regularizer}: off}}"
            fault = (
                f"pretraining {shown(name)} has {regularizer}{origin}, and nothing can start from "
                f"adapters; {off} there"
            )
            yield name, DataFault(("regularizers", regularizer), fault, at_key=True)


def _other_vocabulary(
    name: str, *, study: _Study, path: DataPath, run: str
) -> Iterator[tuple[str, DataFault]]:
    """Uses of a run whose token ids stand for other words."""
    variant = study.variants[name]
    # A run that starts from a pretraining takes over its vocabulary.
    owner = study.pretraining.get(variant.starts_from or "", variant)
    for slot in _OF_VOCABULARY:
        if getattr(owner, slot) != getattr(study.pretraining[run], slot):
            fault = f"{shown(run)} has a different vocabulary; use the same {slot} in both"
            yield name, DataFault(path, fault)
