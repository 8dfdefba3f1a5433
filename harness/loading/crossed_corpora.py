"""Several corpora in one study: a factor whose levels are datasets, crossed with all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import yaml

from harness.contracts import Design
from harness.loading.yaml_nodes import Entry, YamlFault, entries, plain_data
from harness.registry.option_types import shown

CORPORA, _VARIANTS = "dataset", "variant"  # names of factors


def crossed(keys: Mapping[str, Entry]) -> tuple[Entry | None, Entry | None]:
    """The variants that a study lists, and its factors, of which corpora are one.

    With corpora, the variants become the levels of a factor. The baseline's own corpus is the
    baseline's level, as of any factor.
    """
    listed, factors, datasets = (keys.get(name) for name in ("variants", "factors", "datasets"))
    if datasets is None:
        return listed, factors
    others = [*factors.value.value] if factors and _is_mapping(factors.value) else []
    if listed and not factors:
        others = [(_scalar(_VARIANTS, at=listed.key), listed.value)]
    levels = [
        (entry.key, _mapping([(_scalar(CORPORA, at=entry.key), entry.value)], at=entry.key))
        for entry in entries(datasets.value).values()
    ]
    corpora = (_scalar(CORPORA, at=datasets.key), _mapping(levels, at=datasets.key))
    return None, Entry(datasets.key, _mapping([*others, corpora], at=datasets.key))


def corpus_faults(keys: Mapping[str, Entry]) -> Iterator[YamlFault]:
    """Names and levels that corpora cannot be crossed with."""
    if "datasets" not in keys:
        return
    factors, variants = keys.get("factors"), keys.get("variants")
    for name, entry in entries(factors.value if factors else None).items():
        if name == CORPORA:
            fault = f"datasets are the factor {shown(CORPORA)}; rename this one"
            yield YamlFault(entry.key.start_mark, fault)
    for name, entry in entries(variants.value if variants else None).items():
        if not _is_mapping(entry.value):
            value = shown(plain_data(entry.value))
            owner = f"variant {shown(name)}"
            fault = f"{owner} must be a mapping of the options it changes, got {value}"
            yield YamlFault(entry.value.start_mark, fault)


def with_corpora(design: Design, *, keys: Mapping[str, Entry]) -> Design:
    """The design, in which the factor of corpora is known as such."""
    if design.factorial is None or "datasets" not in keys:
        return design
    return replace(design, factorial=replace(design.factorial, corpora=CORPORA))


def _is_mapping(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode)


def _scalar(text: str, *, at: yaml.Node) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, at.start_mark, at.end_mark)


def _mapping(pairs: Sequence[tuple[yaml.Node, yaml.Node]], *, at: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", [*pairs], at.start_mark, at.end_mark)
