"""What starts from which trained run or draws on it, and whether it can."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import yaml

from harness.loading.grid import Written
from harness.loading.validation_errors import Misfit
from harness.loading.yaml_nodes import Irregular, entries
from harness.registry.option_types import shown, suggestion
from harness.registry.serialization import Place
from harness.study.experiment import Experiment
from harness.study.serialization import trained_runs
from harness.study.values import BASELINE

STARTS_FROM = "starts_from"
_SHARED = ("tokenizer", "model")  # by a run and what it starts from
_OF_VOCABULARY = ("dataset", "tokenizer")
_UNDECODED = "generation"  # a pretraining writes nothing


class _Study(NamedTuple):
    variants: Mapping[str, Experiment]
    pretraining: Mapping[str, Experiment]


def start_names(root: yaml.Node) -> Collection[str]:
    """The names of all entries under `pretraining`."""
    entry = entries(root).get("pretraining")
    return entries(entry.value).keys() if entry else ()


def find_start(name: str, *, among: Collection[str]) -> str:
    """The name itself; raises `ValueError` if there is no such pretraining."""
    if name in among:
        return name
    rest = suggestion(name, among=among, otherwise="there are")
    raise ValueError(f"no pretraining named {shown(name)}; {rest}")


def unfit(
    variants: Mapping[str, Experiment], *, pretraining: Mapping[str, Experiment]
) -> Iterator[tuple[str, Misfit]]:
    """What does not fit together, each with the name of the experiment in which it is wrong."""
    study = _Study(variants, pretraining)
    for name, variant in study.variants.items():
        for place, start in trained_runs(variant):
            if start not in study.pretraining:
                continue  # wrong itself, which is said
            if place == (STARTS_FROM,):
                yield from _changed(name, study=study, why=f"by what starts from {shown(start)}")
                yield from _changed(start, study=study, why=f"by what {shown(name)} starts from")
            else:
                yield from _foreign(name, study=study, place=place, start=start)
    for name, place, _ in _chained(pretraining):
        if place == (STARTS_FROM,):
            yield name, Misfit(place, "a pretraining cannot start from another", at_key=True)
        else:
            yield name, Misfit(place, "a pretraining cannot draw on another")


def idle(
    variants: Mapping[str, Experiment],
    *,
    pretraining: Mapping[str, Experiment],
    written: Iterable[Written],
) -> Iterator[Irregular]:
    """What would be trained for nothing."""
    drawn: set[str] = {start for each in variants.values() for _, start in trained_runs(each)}
    drawn |= {start for _, _, start in _chained(pretraining)}
    for each in written:
        if each.name not in drawn:
            yield Irregular(each.at, f"nothing starts from {shown(each.name)} or draws on it")


def _chained(pretraining: Mapping[str, Experiment]) -> Iterator[tuple[str, Place, str]]:
    """What the training of a pretraining itself names."""
    for name, experiment in pretraining.items():
        for place, start in trained_runs(experiment):
            if place[0] != _UNDECODED:
                yield name, place, start


def _changed(name: str, *, study: _Study, why: str) -> Iterator[tuple[str, Misfit]]:
    """What must stand in the baseline, and does not."""
    experiment = {**study.variants, **study.pretraining}[name]
    baseline = study.variants.get(BASELINE)
    for slot in _SHARED:
        if baseline and getattr(experiment, slot) != getattr(baseline, slot):
            yield name, Misfit((slot,), f"{slot} cannot be changed {why}", at_key=True)


def _foreign(name: str, *, study: _Study, place: Place, start: str) -> Iterator[tuple[str, Misfit]]:
    """A run drawn on whose token numbers mean other words."""
    variant = study.variants[name]
    begun = study.pretraining.get(variant.starts_from or "", variant)
    for slot in _OF_VOCABULARY:
        if getattr(begun, slot) != getattr(study.pretraining[start], slot):
            fault = f"{shown(start)} has another vocabulary: its {slot} differs"
            yield name, Misfit(place, fault)
