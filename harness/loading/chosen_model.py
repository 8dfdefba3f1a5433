"""The model of a study: named, as in every slot, or bare options of the one that is there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import yaml

from harness.loading.yaml_nodes import Entry, entries, plain_data
from harness.registry.catalog import Catalog
from harness.registry.option_types import option_types

MODEL = "model"  # the slot

Models = Mapping[str, Collection[str]]  # the options of each, by its name


def models_of(catalog: Catalog) -> Models:
    """Every model that can be named."""
    offers = catalog.offers[MODEL]
    return {name: option_types(offered[0].component) for name, offered in offers.items()}


def is_named(model: yaml.Node, *, models: Models) -> bool:
    """True for ``name`` and ``{name: options}``, also of a model that there is not."""
    if not isinstance(model, yaml.MappingNode):
        return True
    keys = [*entries(model).items()]
    if len(keys) != 1:
        return False
    ((key, entry),) = keys
    is_option = any(key in options for options in models.values())
    # An option's value may be a mapping too: positions: {learned: {places: 100}}.
    meant = isinstance(entry.value, yaml.MappingNode) or plain_data(entry.value) is None
    return key in models or (meant and not is_option)


def with_options(
    model: yaml.Node, *, options: yaml.MappingNode, models: Models
) -> yaml.MappingNode:
    """A model with some of its options replaced; it keeps its name if it has one."""
    if not is_named(model, models=models):
        return _mapping({**entries(model), **entries(options)}, at=options)
    if isinstance(model, yaml.ScalarNode) and isinstance(plain_data(model), str):
        return _mapping({"": Entry(model, options)}, at=options)
    for key, own in entries(model).values():
        changed = _mapping({**entries(own), **entries(options)}, at=options)
        return _mapping({"": Entry(key, changed)}, at=options)
    return options  # under null or a list, which validation refuses


def combined(first: yaml.Node, *, second: yaml.Node, models: Models) -> yaml.Node:
    """The model of two changes of one variant: options apply to what the other one names."""
    if isinstance(second, yaml.MappingNode) and not is_named(second, models=models):
        return with_options(first, options=second, models=models)
    if isinstance(first, yaml.MappingNode) and not is_named(first, models=models):
        return with_options(second, options=first, models=models)
    return second


def _mapping(pairs: Mapping[str, Entry], *, at: yaml.Node) -> yaml.MappingNode:
    nodes = [(entry.key, entry.value) for entry in pairs.values()]
    return yaml.MappingNode("tag:yaml.org,2002:map", nodes, at.start_mark, at.end_mark)
