"""YAML nodes as plain data, by the rules of YAML 1.2, and their places in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from harness.loading.validation_errors import DataPath
from harness.registry.option_types import shown

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
LARGEST_NUMBER = 2**63 - 1  # of torch, and of most that reads what is written here
_LONGEST_NUMBER = 100  # characters; longer ones are text, since int() takes quadratic time


class Entry(NamedTuple):
    """One key of a mapping and its value."""

    key: yaml.ScalarNode
    value: yaml.Node


class YamlFault(NamedTuple):
    """A fault that is visible in the YAML but no longer in its data, such as a duplicate key."""

    mark: yaml.Mark
    message: str


def plain_data(node: yaml.Node) -> Any:
    """A node as JSON-like data; keys are text, as written."""
    if isinstance(node, yaml.MappingNode):
        return {name: plain_data(entry.value) for name, entry in entries(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [plain_data(item) for item in node.value]
    # Only plain scalars: quotes and blocks are for text that looks like something else.
    if isinstance(node, yaml.ScalarNode) and not node.style and len(node.value) <= _LONGEST_NUMBER:
        for pattern, convert in _SCALARS:
            if pattern.fullmatch(node.value):
                return convert(node.value)
    return node.value


def entries(node: yaml.Node | None) -> Mapping[str, Entry]:
    """The entries of a mapping by key, as written; the first of two with equal keys."""
    by_key: dict[str, Entry] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != _MERGE:
                by_key.setdefault(key.value, Entry(key, value))  # `yaml_faults` reports the second
    return by_key


def yaml_faults(node: yaml.Node, *, seen: set[int] | None = None) -> Iterator[YamlFault]:
    """Duplicate keys, keys that are not scalars, merge keys, and numbers of more than 64 bits."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        return
    # Once, however many aliases lead here: each fault would be listed again, at the same place.
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield from _number_faults(node)
        return
    children = node.value
    if isinstance(node, yaml.MappingNode):
        yield from _key_faults(node)
        children = [value for _, value in node.value]
    for child in children:
        yield from yaml_faults(child, seen=seen)


def _number_faults(node: yaml.ScalarNode) -> Iterator[YamlFault]:
    number = plain_data(node)
    if isinstance(number, int) and abs(number) > LARGEST_NUMBER:
        fault = f"{shown(number)} is too large: whole numbers end at {LARGEST_NUMBER}"
        yield YamlFault(node.start_mark, fault)


def _key_faults(node: yaml.MappingNode) -> Iterator[YamlFault]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield YamlFault(key.start_mark, "a key must be a plain name")
        elif key.value == _MERGE:
            fault = "merge keys (<<) are not supported; write the options out"
            yield YamlFault(key.start_mark, fault)
        elif key.value in lines:
            line = lines[key.value]
            fault = f"duplicate key {shown(key.value)}, first on line {line}; remove one"
            yield YamlFault(key.start_mark, fault)
        else:
            lines[key.value] = key.start_mark.line + 1


def find_mark(node: yaml.Node, *, path: DataPath, at_key: bool) -> yaml.Mark:
    """The mark of a path in the file, or of as much of the path as is written there."""
    mark = node.start_mark
    for step in path:
        entry = _step(node, step=step)
        if entry is None:
            return node.start_mark
        key, node = entry
        mark = key.start_mark if at_key else node.start_mark
    return mark


def _step(node: yaml.Node, *, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode):
        within = isinstance(step, int) and step < len(node.value)
        return (node.value[step], node.value[step]) if within else None
    return entries(node).get(str(step))
