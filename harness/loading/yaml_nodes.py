"""YAML nodes as plain data, by the rules of YAML 1.2, and where in the file each of it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.registry.option_types import shown
from harness.registry.serialization import Place

# The core schema of YAML 1.2, in which ``off`` and ``1:30`` are text and ``1e-3`` is a number.
_SCALARS: Sequence[tuple[re.Pattern[str], Callable[[str], object]]] = (
    (re.compile(r"|~|null|Null|NULL"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)
_MERGE = "<<"  # of YAML 1.1
_LONGEST_NUMBER = 100  # characters; what is longer is text


class Entry(NamedTuple):
    """One key of a mapping and what stands under it."""

    key: yaml.ScalarNode
    value: yaml.Node


class Irregular(NamedTuple):
    """A fault of the YAML itself, which data cannot show."""

    mark: yaml.Mark
    message: str


def plain(node: yaml.Node) -> Any:
    """A node as JSON-like data; keys are text as it was written."""
    if isinstance(node, yaml.MappingNode):
        return {name: plain(entry.value) for name, entry in entries(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [plain(each) for each in node.value]
    if isinstance(node, yaml.ScalarNode) and not node.style and len(node.value) <= _LONGEST_NUMBER:
        for pattern, convert in _SCALARS:
            if pattern.fullmatch(node.value):
                return convert(node.value)
    return node.value


def entries(node: yaml.Node | None) -> Mapping[str, Entry]:
    """What a mapping holds, by its keys as they were written; of two equal ones, the first."""
    found: dict[str, Entry] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != _MERGE:
                found.setdefault(key.value, Entry(key, value))
    return found


def irregularities(node: yaml.Node, *, seen: set[int] | None = None) -> Iterator[Irregular]:
    """Keys that are given twice, that are no names, or that would merge."""
    seen = set() if seen is None else seen
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    inside = node.value
    if isinstance(node, yaml.MappingNode):
        yield from _irregular_keys(node)
        inside = [value for _, value in node.value]
    for each in inside:
        yield from irregularities(each, seen=seen)


def _irregular_keys(node: yaml.MappingNode) -> Iterator[Irregular]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield Irregular(key.start_mark, "a key must be a name")
        elif key.value == _MERGE:
            yield Irregular(key.start_mark, "a study has no merge keys (<<); write the options out")
        elif key.value in lines:
            fault = f"{shown(key.value)} is given twice, first in line {lines[key.value]}"
            yield Irregular(key.start_mark, fault)
        else:
            lines[key.value] = key.start_mark.line + 1


def mark(node: yaml.Node, *, place: Place, at_key: bool) -> yaml.Mark:
    """Where in the file a place is, or as much of the way to it as is written."""
    found = node.start_mark
    for step in place:
        entry = _step(node, step=step)
        if entry is None:
            return node.start_mark
        key, node = entry
        found = key.start_mark if at_key else node.start_mark
    return found


def _step(node: yaml.Node, *, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode):
        within = isinstance(step, int) and step < len(node.value)
        return (node.value[step], node.value[step]) if within else None
    return entries(node).get(str(step))
