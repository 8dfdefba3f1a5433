"""A sweep of one option, written out as a variant for each of its values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.loading.yaml_nodes import Irregular, entries, plain
from harness.registry.option_types import shown


class Written(NamedTuple):
    """A variant as if the study had written it out; `at` is the place that its name comes from."""

    name: str
    at: yaml.Mark
    node: yaml.MappingNode


class Swept(NamedTuple):
    """One value of a grid's option."""

    option: str
    value: object
    variant: Written


def swept(grid: yaml.Node | None, *, baseline: Mapping[str, Any]) -> Iterator[Swept]:
    """Each value of a grid; `baseline` has all its choices resolved, or nothing if it is at fault.

    What stands beside the option in the same choice is as it is in the baseline.
    """
    for option, (key, values) in [*entries(grid).items()][:1]:
        steps = _steps(key)
        for value in values.value if isinstance(values, yaml.SequenceNode) else ():
            name = f"{steps[-1].value}={_label(value)}"
            node = _laid(steps, value=value, under={steps[0].value: baseline.get(steps[0].value)})
            yield Swept(option, plain(value), Written(name, value.start_mark, node))


def excess(grid: yaml.Node | None) -> Iterator[Irregular]:
    """Options beyond the first."""
    for option, (key, _) in [*entries(grid).items()][1:]:
        fault = f"a grid sweeps one option, not {shown(option)} too; combine them with factors"
        yield Irregular(key.start_mark, fault)


def _steps(key: yaml.ScalarNode) -> Sequence[yaml.ScalarNode]:
    """The steps of a dotted key, each a key with a place of its own."""
    steps, offset = [], 1 if key.style else 0
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


def _laid(steps: Sequence[yaml.ScalarNode], *, value: yaml.Node, under: Any) -> yaml.MappingNode:
    """The value at the end of its path, with what the baseline has beside the path on the way."""
    first, *rest = steps
    beside = under if isinstance(under, Mapping) and not _other(under, name=first.value) else {}
    inner = _laid(rest, value=value, under=beside.get(first.value)) if rest else value
    at = first.start_mark
    pairs = [
        (_node(name, at=at), _node(each, at=at))
        for name, each in beside.items()
        if name != first.value
    ]
    return yaml.MappingNode("tag:yaml.org,2002:map", [*pairs, (first, inner)], at, at)


def _other(under: Mapping[str, Any], *, name: str) -> bool:
    """Whether this is a component, as ``{name: {its options}}``, of another name."""
    return name not in under and [type(each) for each in under.values()] == [dict]


def _node(data: Any, *, at: yaml.Mark) -> yaml.Node:
    """Plain data as a node that stands at this place."""
    match data:
        case Mapping():
            pairs = [(_node(key, at=at), _node(each, at=at)) for key, each in data.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, at, at)
        case str():
            return yaml.ScalarNode("tag:yaml.org,2002:str", data, at, at, style='"')
        case list() | tuple():
            items = [_node(each, at=at) for each in data]
            return yaml.SequenceNode("tag:yaml.org,2002:seq", items, at, at)
    return yaml.ScalarNode("tag:yaml.org,2002:str", json.dumps(data), at, at)


def _label(value: yaml.Node) -> str:
    """A value in a name: as it was written, or what a mapping says, with hyphens between."""
    text = value.value if isinstance(value, yaml.ScalarNode) else shown(plain(value))
    return re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip("-")
