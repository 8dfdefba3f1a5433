"""A grid: one option swept over its values, each written out as a variant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.loading.overrides import ExperimentNode
from harness.loading.yaml_nodes import YamlFault, entries, plain_data
from harness.registry.option_types import shown


class GridValue(NamedTuple):
    """One value of a grid's option."""

    option: str
    value: object
    variant: ExperimentNode


def grid_values(grid: yaml.Node | None, *, baseline: Mapping[str, Any]) -> Iterator[GridValue]:
    """Each value of a grid; `baseline` has all its choices resolved, or is empty if invalid.

    Other options of the same choice keep the baseline's values.
    """
    for option, (key, values) in [*entries(grid).items()][:1]:  # `grid_faults` has the rest
        steps = _steps(key)
        for value in values.value if isinstance(values, yaml.SequenceNode) else ():
            name = f"{steps[-1].value}={_label(value)}"
            under = {steps[0].value: baseline.get(steps[0].value)}
            node = _nested(steps, value=value, under=under)
            yield GridValue(option, plain_data(value), ExperimentNode(name, value.start_mark, node))


def grid_faults(grid: yaml.Node | None) -> Iterator[YamlFault]:
    """Options beyond the first."""
    for option, (key, _) in [*entries(grid).items()][1:]:
        fault = f"a grid sweeps one option; use factors to combine it with {shown(option)}"
        yield YamlFault(key.start_mark, fault)


def _steps(key: yaml.ScalarNode) -> Sequence[yaml.ScalarNode]:
    """The steps of a dotted key, each a key with its own place, so that errors point at it."""
    steps, offset = [], 1 if key.style else 0  # a style is a quote, one character wide
    for step in key.value.split("."):
        start = key.start_mark
        at = yaml.Mark(
            start.name,
            start.index + offset,
            start.line,
            start.column + offset,
            start.buffer,
            start.pointer,
        )
        steps.append(yaml.ScalarNode(key.tag, step, at, key.end_mark))
        offset += len(step) + 1
    return steps


def _nested(steps: Sequence[yaml.ScalarNode], *, value: yaml.Node, under: Any) -> yaml.MappingNode:
    """The value at the end of its path, with the baseline's other options at each level."""
    first, *rest = steps
    others: Mapping[str, Any] = {}
    if isinstance(under, Mapping) and not _is_replaced(under, name=first.value):
        others = under
    inner = _nested(rest, value=value, under=others.get(first.value)) if rest else value
    at = first.start_mark
    pairs = [
        (_node(name, at=at), _node(option, at=at))
        for name, option in others.items()
        if name != first.value
    ]
    return yaml.MappingNode("tag:yaml.org,2002:map", [*pairs, (first, inner)], at, at)


def _is_replaced(under: Mapping[str, Any], *, name: str) -> bool:
    """Check for a component of another name, as ``{name: {its options}}``."""
    return name not in under and [type(options) for options in under.values()] == [dict]


def _node(data: Any, *, at: yaml.Mark) -> yaml.Node:
    """Plain data as a node at a place."""
    match data:
        case Mapping():
            pairs = [(_node(key, at=at), _node(value, at=at)) for key, value in data.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, at, at)
        case str():
            # Quoted, or text such as 'off' or '1' would be read as something else.
            return yaml.ScalarNode("tag:yaml.org,2002:str", data, at, at, style='"')
        case list() | tuple():
            items = [_node(item, at=at) for item in data]
            return yaml.SequenceNode("tag:yaml.org,2002:seq", items, at, at)
    # Plain, not quoted: `plain_data` reads JSON's numbers, true and null as what they are.
    return yaml.ScalarNode("tag:yaml.org,2002:str", json.dumps(data), at, at)


def _label(value: yaml.Node) -> str:
    """A value as part of a name: a scalar as written, a mapping joined by hyphens."""
    text = value.value if isinstance(value, yaml.ScalarNode) else shown(plain_data(value))
    return re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip("-")
