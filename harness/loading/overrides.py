"""A variant laid over the baseline, node by node, so that everything keeps its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

import yaml

from harness.loading.yaml_nodes import Entry, Irregular, entries, plain
from harness.registry.option_types import allows_null, option_types, shown, suggestion
from harness.study.experiment import Experiment

BY_KEY = ("model", "budget", "regularizers")  # every other choice is replaced whole
_CHOICES = [field.name for field in fields(Experiment)]
OPTIONAL = [name for name, hint in option_types(Experiment).items() if allows_null(hint)]


def merged(variant: yaml.Node, *, baseline: yaml.Node | None = None) -> yaml.MappingNode:
    """All the choices of a variant, without what it switches off; the baseline's own, if alone."""
    found = dict(entries(baseline)) if baseline else {}
    for name, entry in entries(variant).items():
        if baseline and name not in _CHOICES:
            continue  # `strange` says so
        by_key = name in BY_KEY and name in found
        found[name] = _by_key(entry, under=found[name].value) if by_key else entry
    for name in OPTIONAL:
        if name in found and (_is_off(found[name].value) or plain(found[name].value) is None):
            del found[name]
    if "regularizers" in found:
        found["regularizers"] = _switched_on(found["regularizers"])
    return _mapping(found, at=variant)


def without(choices: yaml.MappingNode, *, name: str) -> yaml.MappingNode:
    """The same choices but for one."""
    found = {key: entry for key, entry in entries(choices).items() if key != name}
    return _mapping(found, at=choices)


def strange(variant: yaml.Node, *, owner: str) -> Iterator[Irregular]:
    """Keys of a variant, or of a pretraining, that are no choice."""
    for key, entry in entries(variant).items():
        if key not in _CHOICES:
            rest = suggestion(key, among=_CHOICES, otherwise="there are")
            yield Irregular(entry.key.start_mark, f"no option {shown(key)} in {owner}; {rest}")


def needless(variant: yaml.Node, *, baseline: yaml.Node | None = None) -> Iterator[Irregular]:
    """What is switched off although the baseline does not have it."""
    given = _regularizers(baseline) if baseline else None
    if given and not isinstance(given, yaml.MappingNode):
        return  # which is a fault of its own
    known = entries(given)
    for name, entry in entries(_regularizers(variant)).items():
        if _is_off(entry.value) and name not in known:
            rest = suggestion(name, among=known, otherwise="there are")
            fault = f"no regularizer {shown(name)} to switch off; {rest}"
            yield Irregular(entry.key.start_mark, fault)


def _regularizers(choices: yaml.Node) -> yaml.Node | None:
    entry = entries(choices).get("regularizers")
    return entry.value if entry else None


def _by_key(entry: Entry, *, under: yaml.Node) -> Entry:
    if not isinstance(entry.value, yaml.MappingNode):
        return entry
    both = {**entries(under), **entries(entry.value)}
    return entry._replace(value=_mapping(both, at=entry.value))


def _switched_on(entry: Entry) -> Entry:
    if not isinstance(entry.value, yaml.MappingNode):
        return entry
    kept = {name: each for name, each in entries(entry.value).items() if not _is_off(each.value)}
    return entry._replace(value=_mapping(kept, at=entry.value))


def _mapping(found: Mapping[str, Entry], *, at: yaml.Node) -> yaml.MappingNode:
    pairs = [(entry.key, entry.value) for entry in found.values()]
    return yaml.MappingNode(at.tag, pairs, at.start_mark, at.end_mark)


def _is_off(node: yaml.Node) -> bool:
    """Whether a choice is switched off: by ``off``, which is text in YAML 1.2, or by false."""
    data = plain(node)
    return data is False or data == "off"
