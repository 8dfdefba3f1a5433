"""Options of a variant applied to the baseline, node by node, so that each keeps its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import NamedTuple

import yaml

from harness.loading import chosen_model
from harness.loading.chosen_model import Models
from harness.loading.yaml_nodes import Entry, YamlFault, entries, plain_data
from harness.registry.option_types import allows_null, option_types, shown, suggestion
from harness.study.experiment import Experiment

BY_KEY = ("model", "budget", "regularizers")  # every other choice is replaced whole
_CHOICES = [field.name for field in fields(Experiment)]
OPTIONAL = [name for name, hint in option_types(Experiment).items() if allows_null(hint)]


class ExperimentNode(NamedTuple):
    """A variant or a pretraining: its name, the place the name comes from, and its options."""

    name: str
    mark: yaml.Mark
    node: yaml.MappingNode


def apply_overrides(
    variant: yaml.Node, *, models: Models, baseline: yaml.Node | None = None
) -> yaml.MappingNode:
    """All the choices of a variant, or of the baseline itself, without those turned off.

    One of `models` that a variant names replaces the baseline's as a whole.
    """
    choices = dict(entries(baseline)) if baseline else {}
    for name, entry in entries(variant).items():
        if baseline and name not in _CHOICES:
            continue  # `unknown_options` reports it
        by_key = name in BY_KEY and name in choices
        if by_key and name == chosen_model.MODEL:
            choices[name] = _model(entry, under=choices[name].value, models=models)
        else:
            choices[name] = _by_key(entry, under=choices[name].value) if by_key else entry
    for name in OPTIONAL:
        value = choices[name].value if name in choices else None
        if value and (_is_off(value) or plain_data(value) is None):
            del choices[name]
    if "regularizers" in choices:
        choices["regularizers"] = _without_off(choices["regularizers"])
    return _mapping(choices, at=variant)


def remove_choice(choices: yaml.MappingNode, *, name: str) -> yaml.MappingNode:
    """The same choices without one."""
    kept = {key: entry for key, entry in entries(choices).items() if key != name}
    return _mapping(kept, at=choices)


def unknown_options(variant: yaml.Node, *, owner: str) -> Iterator[YamlFault]:
    """Keys of a variant or a pretraining that no experiment has."""
    for key, entry in entries(variant).items():
        if key not in _CHOICES:
            rest = suggestion(key, among=_CHOICES, otherwise="there are")
            yield YamlFault(entry.key.start_mark, f"no option {shown(key)} in {owner}; {rest}")


def absent_regularizers(
    variant: yaml.Node, *, baseline: yaml.Node | None = None
) -> Iterator[YamlFault]:
    """Regularizers that are turned off although the baseline does not have them."""
    regularizers = _regularizers(baseline) if baseline else None
    if regularizers and not isinstance(regularizers, yaml.MappingNode):
        return  # validation of the baseline reports that it must be a mapping
    known = entries(regularizers)
    for name, entry in entries(_regularizers(variant)).items():
        if _is_off(entry.value) and name not in known:
            rest = suggestion(name, among=known, otherwise="there are")
            fault = f"no regularizer {shown(name)} to turn off; {rest}"
            yield YamlFault(entry.key.start_mark, fault)


def _regularizers(choices: yaml.Node) -> yaml.Node | None:
    entry = entries(choices).get("regularizers")
    return entry.value if entry else None


def _by_key(entry: Entry, *, under: yaml.Node) -> Entry:
    if not isinstance(entry.value, yaml.MappingNode):
        return entry
    both = {**entries(under), **entries(entry.value)}
    return entry._replace(value=_mapping(both, at=entry.value))


def _model(entry: Entry, *, under: yaml.Node, models: Models) -> Entry:
    if not isinstance(entry.value, yaml.MappingNode):
        return entry
    if chosen_model.is_named(entry.value, models=models):
        return entry
    changed = chosen_model.with_options(under, options=entry.value, models=models)
    return entry._replace(value=changed)


def _without_off(entry: Entry) -> Entry:
    if not isinstance(entry.value, yaml.MappingNode):
        return entry
    kept = {
        name: option for name, option in entries(entry.value).items() if not _is_off(option.value)
    }
    return entry._replace(value=_mapping(kept, at=entry.value))


def _mapping(choices: Mapping[str, Entry], *, at: yaml.Node) -> yaml.MappingNode:
    pairs = [(entry.key, entry.value) for entry in choices.values()]
    return yaml.MappingNode(at.tag, pairs, at.start_mark, at.end_mark)


def _is_off(node: yaml.Node) -> bool:
    """Check for ``off``, which is text in YAML 1.2, and for false, which an editor may write."""
    data = plain_data(node)
    return data is False or data == "off"
