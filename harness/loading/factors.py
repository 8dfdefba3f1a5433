"""Factors, written out as a variant for every combination of their levels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import yaml

from harness.loading import chosen_model
from harness.loading.chosen_model import Models
from harness.loading.overrides import BY_KEY, ExperimentNode
from harness.loading.yaml_nodes import Entry, YamlFault, entries
from harness.registry.option_types import shown
from harness.study.values import BASELINE

MOST_CELLS = 64


class Cell(NamedTuple):
    """One combination: the level of every factor, the baseline's where nothing is changed."""

    levels: Mapping[str, str]
    variant: ExperimentNode


class _Setting(NamedTuple):
    factor: str
    level: str
    entry: Entry | None  # None for the baseline's


def levels(factors: yaml.Node | None) -> Mapping[str, Mapping[str, Entry]]:
    """The change that each level of each factor makes, if a mapping; the baseline's left out."""
    by_factor = {name: entries(entry.value) for name, entry in entries(factors).items()}
    return {
        name: {
            level: entry
            for level, entry in by_level.items()
            if isinstance(entry.value, yaml.MappingNode)
        }
        for name, by_level in by_factor.items()
    }


def cells(factors: yaml.Node | None, *, models: Models) -> Iterator[Cell]:
    """Every combination but the baseline's own, in the order of the study.

    A level that names one of `models` is combined with options of it.
    """
    settings = [
        [
            _Setting(factor, BASELINE, None),
            *(_Setting(factor, level, entry) for level, entry in by_level.items()),
        ]
        for factor, by_level in levels(factors).items()
    ]
    if math.prod(map(len, settings)) > MOST_CELLS:
        return  # `factor_faults` reports it
    for combination in itertools.product(*settings):
        changed = [setting for setting in combination if setting.entry]
        if changed:
            by_factor = {setting.factor: setting.level for setting in combination}
            yield Cell(by_factor, _combine(changed, models=models))


def factor_faults(factors: yaml.Node | None, *, models: Models) -> Iterator[YamlFault]:
    """Factors that cannot be combined, and too many of them."""
    by_factor = levels(factors)
    size = math.prod(1 + len(by_level) for by_level in by_factor.values())
    if factors is not None and size > MOST_CELLS:
        fault = f"{size} combinations exceed the limit of {MOST_CELLS}; remove factors or levels"
        yield YamlFault(factors.start_mark, fault)
    for name, by_level in by_factor.items():
        if BASELINE in by_level:
            fault = f"'baseline' is already a level of factor {shown(name)}; rename this one"
            yield YamlFault(by_level[BASELINE].key.start_mark, fault)
    for (first, earlier), (second, later) in itertools.combinations(by_factor.items(), 2):
        taken = {
            path for entry in earlier.values() for path in _changed(entry.value, models=models)
        }
        for entry in later.values():
            for path, at in _changed(entry.value, models=models).items():
                if path in taken:
                    fault = (
                        f"{'.'.join(path)} is already changed by factor {shown(first)}; factor "
                        f"{shown(second)} must change something else"
                    )
                    yield YamlFault(at, fault)


def _changed(level: yaml.Node, *, models: Models) -> Mapping[tuple[str, ...], yaml.Mark]:
    """The choices that a level sets: each as a whole, or key by key if it merges by key."""
    marks: dict[tuple[str, ...], yaml.Mark] = {}
    for name, entry in entries(level).items():
        named = name == chosen_model.MODEL and chosen_model.is_named(entry.value, models=models)
        if name in BY_KEY and isinstance(entry.value, yaml.MappingNode) and not named:
            options = entries(entry.value).items()
            marks |= {(name, key): option.key.start_mark for key, option in options}
        else:
            marks[name,] = entry.key.start_mark
    return marks


def _combine(changed: Sequence[_Setting], *, models: Models) -> ExperimentNode:
    """A combination as one variant, named after the levels that are not the baseline's."""
    at = [setting.entry.key.start_mark for setting in changed if setting.entry]
    pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for setting in changed:
        for name, entry in entries(setting.entry.value if setting.entry else None).items():
            value = entry.value
            before = pairs[name][1] if name in pairs and name in BY_KEY else None
            if before is not None and name == chosen_model.MODEL:
                value = chosen_model.combined(before, second=value, models=models)
            elif isinstance(before, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
                options = [*before.value, *value.value]
                value = yaml.MappingNode(value.tag, options, value.start_mark, value.end_mark)
            pairs[name] = (entry.key, value)
    node = yaml.MappingNode("tag:yaml.org,2002:map", [*pairs.values()], at[0], at[0])
    name = "+".join(f"{setting.factor}={setting.level}" for setting in changed)
    return ExperimentNode(name, at[-1], node)
