"""Factors, written out as a variant for every combination of their levels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import yaml

from harness.loading.grid import Written
from harness.loading.overrides import BY_KEY
from harness.loading.yaml_nodes import Entry, Irregular, entries
from harness.registry.option_types import shown
from harness.study.values import BASELINE

MOST_CELLS = 64


class Cell(NamedTuple):
    """One combination: the level of every factor, the baseline's where nothing is changed."""

    levels: Mapping[str, str]
    variant: Written


class _Chosen(NamedTuple):
    factor: str
    level: str
    entry: Entry | None  # None for the baseline's


def levels(factors: yaml.Node | None) -> Mapping[str, Mapping[str, Entry]]:
    """What each level of each factor changes, where that is a mapping; without the baseline's."""
    found = {name: entries(entry.value) for name, entry in entries(factors).items()}
    return {
        name: {
            level: each for level, each in its.items() if isinstance(each.value, yaml.MappingNode)
        }
        for name, its in found.items()
    }


def cells(factors: yaml.Node | None) -> Iterator[Cell]:
    """Every combination but the baseline's own, in the order of the study."""
    choices = [
        [_Chosen(factor, BASELINE, None), *(_Chosen(factor, *each) for each in its.items())]
        for factor, its in levels(factors).items()
    ]
    if math.prod(map(len, choices)) > MOST_CELLS:
        return  # `excess` says so
    for combination in itertools.product(*choices):
        changed = [each for each in combination if each.entry]
        if changed:
            named = {each.factor: each.level for each in combination}
            yield Cell(named, _written(changed))


def misfit(factors: yaml.Node | None) -> Iterator[Irregular]:
    """Factors that cannot be combined, and too many of them."""
    found = levels(factors)
    size = math.prod(1 + len(its) for its in found.values())
    if factors is not None and size > MOST_CELLS:
        fault = f"{size} combinations are more than {MOST_CELLS}"
        yield Irregular(factors.start_mark, fault)
    for name, its in found.items():
        if BASELINE in its:
            fault = f"factor {shown(name)} has the baseline as its first level; call this another"
            yield Irregular(its[BASELINE].key.start_mark, fault)
    for (first, ours), (second, theirs) in itertools.combinations(found.items(), 2):
        touched = {place for each in ours.values() for place in _touched(each.value)}
        for entry in theirs.values():
            for place, at in _touched(entry.value).items():
                if place in touched:
                    fault = (
                        f"{'.'.join(place)} is changed by factor {shown(first)} too, and "
                        f"cannot be both that and what factor {shown(second)} makes of it"
                    )
                    yield Irregular(at, fault)


def _touched(change: yaml.Node) -> Mapping[tuple[str, ...], yaml.Mark]:
    """What a level decides: a choice as a whole, or a key of those that merge by key."""
    found: dict[tuple[str, ...], yaml.Mark] = {}
    for name, entry in entries(change).items():
        if name in BY_KEY and isinstance(entry.value, yaml.MappingNode):
            inside = entries(entry.value).items()
            found |= {(name, key): each.key.start_mark for key, each in inside}
        else:
            found[name,] = entry.key.start_mark
    return found


def _written(changed: Sequence[_Chosen]) -> Written:
    """A combination as one variant, named after the levels that are not the baseline's."""
    at = [each.entry.key.start_mark for each in changed if each.entry]
    pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for each in changed:
        for name, entry in entries(each.entry.value if each.entry else None).items():
            value = entry.value
            before = pairs[name][1] if name in pairs and name in BY_KEY else None
            if isinstance(before, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
                inside = [*before.value, *value.value]
                value = yaml.MappingNode(value.tag, inside, value.start_mark, value.end_mark)
            pairs[name] = (entry.key, value)
    node = yaml.MappingNode("tag:yaml.org,2002:map", [*pairs.values()], at[0], at[0])
    return Written("+".join(f"{each.factor}={each.level}" for each in changed), at[-1], node)
