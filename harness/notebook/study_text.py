"""A study of plain data as the text of its YAML file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.errors import HarnessError
from harness.files import open_file, write_atomically
from harness.loading.yaml_nodes import plain_data
from harness.registry.option_types import shown

STUDY_SUFFIX = ".yaml"
_MARK = "# Written by harness.define, which may replace it; to prevent that, delete this line."
_TEXT = "tag:yaml.org,2002:str"
_WIDTH = 100  # letters of a line


def write_study(path: Path, *, keys: Mapping[str, Any]) -> None:
    """Write a study's file, or leave it alone if nothing would change.

    Raises `HarnessError` for a file that was written by somebody else, and for a value that is no
    plain data.
    """
    content = f"{_MARK}\n{study_text(keys)}".encode()
    try:
        with open_file(path) as file:
            existing = file.read()
    except FileNotFoundError:
        existing = b""
    if existing == content:
        return
    if existing and not existing.startswith(_MARK.encode()):
        raise HarnessError(
            f"{path} exists, and was not written from Python; choose another name, or harness.load"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content=content)


def study_text(keys: Mapping[str, Any]) -> str:
    """The YAML of plain data, which reads back as the same data; its keys stay in their order.

    Raises `HarnessError` for a value that is no plain data, with its place.
    """
    node = _node(keys, place="")
    return str(yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=_WIDTH))


class _Dumper(yaml.SafeDumper):
    """Writes scalars as their nodes say: plain ones are read by the rules of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012 - as yaml has it


def _node(value: Any, *, place: str) -> yaml.Node:
    """A value as a YAML node; raises `HarnessError` for one that is no plain data."""
    if hasattr(value, "tolist"):  # of NumPy, pandas or torch
        value = value.tolist()
    match value:
        case Mapping():
            pairs = [
                (_text(str(key)), _node(item, place=f"{place}.{key}" if place else str(key)))
                for key, item in value.items()
            ]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
        case str() | Path():
            return _text(str(value))
        case Sequence():
            items = [_node(item, place=f"{place}[{n}]") for n, item in enumerate(value)]
            return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=True)
    return yaml.ScalarNode(_TEXT, _literal(value, place=place))


def _literal(value: object, *, place: str) -> str:
    """A value that is neither text nor has parts, as YAML 1.2 writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case float():
            return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    given = shown(" ".join(str(value).split()))
    raise HarnessError(
        f"{place}: {given} is no plain data; use numbers, text, lists and dictionaries"
    )


def _text(text: str) -> yaml.ScalarNode:
    """Text as a scalar, in quotes if it would be read as something else without."""
    plain = yaml.ScalarNode(_TEXT, text)
    if not isinstance(plain_data(plain), str):
        plain.style = '"'
    return plain
