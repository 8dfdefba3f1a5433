"""JSON schemas of what commands print with ``--json``, made from the classes of the shapes."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import getdoc
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from harness.cli.answers import ANSWERS
from harness.errors import HarnessError
from harness.registry.option_types import shown, suggestion

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: Mapping[Any, str] = {
    str: "string",
    Path: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}

Definitions = dict[str, Mapping[str, Any]]


def answer_schema(command: str) -> Mapping[str, Any]:
    """The schema of what a command prints, unless it ends with a fault.

    Raises `HarnessError` for a command without a shape.
    """
    if command not in ANSWERS:
        rest = suggestion(command, among=ANSWERS, otherwise="there are")
        raise HarnessError(f"no command named {shown(command)} has a shape of its own; {rest}")
    definitions: Definitions = {}
    shapes = [_object(shape, definitions=definitions) for shape in ANSWERS[command]]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    return {"$schema": _DIALECT, **schema, "$defs": definitions}


def _object(kind: Any, *, definitions: Definitions) -> Mapping[str, Any]:
    """The schema of a dataclass or a named tuple, which is an object in JSON."""
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else kind._fields
    hints = get_type_hints(kind)
    return {
        "type": "object",
        "description": getdoc(kind) or "",
        "properties": {name: _schema(hints[name], definitions=definitions) for name in names},
        "required": [*names],
        "additionalProperties": False,
    }


def _schema(kind: Any, *, definitions: Definitions) -> Mapping[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is None:
        return _plain(kind, definitions=definitions)
    if origin is Literal:
        return {"enum": [*parts]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(part, definitions=definitions) for part in parts]}
    inner = [_schema(part, definitions=definitions) for part in parts if part is not ...]
    if origin is tuple and ... not in parts:
        return {"type": "array", "prefixItems": inner, "minItems": len(inner), "items": False}
    if issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": inner[1]}
    return {"type": "array", "items": inner[0]}


def _plain(kind: Any, *, definitions: Definitions) -> Mapping[str, Any]:
    """The schema of a scalar, or a reference to that of a class."""
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # its place, before those of its fields
        definitions[kind.__name__] = _object(kind, definitions=definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}
