"""The JSON schema of a dataclass's options: their types, bounds and defaults."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from harness.components import Component
from harness.components.options import InitialWeights, TextFile, TrainedRun
from harness.registry.option_types import (
    allows_null,
    is_container,
    is_fixed_length,
    is_union,
    limits,
    members,
    option_types,
    plain,
)
from harness.registry.serialization import resolved

Schema = Mapping[str, Any]

_KINDS: Mapping[Any, Schema] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    TextFile: {"type": "string", "description": "A file, relative to the study's folder."},
    TrainedRun: {"type": "string", "description": "The name of an entry under `pretraining`."},
    InitialWeights: {
        "type": "string",
        "description": "The name of an entry under `pretraining`, or the path of a folder that "
        "`harness export --weights` wrote, such as ./base.",
    },
}
_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}


def object_schema(
    options: type, *, instead: Mapping[str, Schema] | None = None, optional: Collection[str] = ()
) -> Schema:
    """A dataclass's options; `instead` has schemas of some, `optional` ones are not required."""
    properties = {name: type_schema(hint) for name, hint in option_types(options).items()}
    defaults = {option.name: resolved(_default(option)) for option in _defaulted(options)}
    for name, value in defaults.items():
        if "$ref" not in properties[name]:  # draft 7 ignores any key next to $ref
            properties[name] = {**properties[name], "default": value}
    return {
        "type": "object",
        "description": description(options),
        "properties": {**properties, **(instead or {})},
        "required": [name for name in required_options(options) if name not in optional],
        "additionalProperties": False,
    }


def type_schema(hint: Any) -> Schema:
    """The schema of a type, with its bounds."""
    if allows_null(hint):
        return any_of([*map(type_schema, members(hint)), {"type": "null"}])
    bare = plain(hint)
    allowed = any_of(list(map(type_schema, members(bare)))) if is_union(bare) else _kind(bare)
    return {**allowed, **_bounds(hint, kind=str(allowed.get("type")))}


def _kind(hint: Any) -> Schema:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return {"enum": list(arguments)}
    if is_fixed_length(hint):
        size = len(arguments)
        items = [type_schema(argument) for argument in arguments]
        return {"type": "array", "items": items, "minItems": size, "maxItems": size}
    if is_container(hint, base=Mapping):
        return {"type": "object", "additionalProperties": type_schema(arguments[1])}
    if is_container(hint, base=Sequence):
        return {"type": "array", "items": type_schema(arguments[0])}
    if isinstance(hint, type) and issubclass(hint, Component):
        return reference(hint.slot)
    return (
        object_schema(hint)
        if is_dataclass(hint) and isinstance(hint, type)
        else _KINDS.get(hint, {})
    )


def _bounds(hint: Any, *, kind: str) -> Schema:
    keywords: dict[str, Any] = {}
    for bound in limits(hint):
        match bound:
            case Ge(ge=limit):
                keywords["minimum"] = limit
            case Gt(gt=limit):
                keywords["exclusiveMinimum"] = limit
            case Le(le=limit):
                keywords["maximum"] = limit
            case Lt(lt=limit):
                keywords["exclusiveMaximum"] = limit
            case MinLen(min_length=limit) if kind in _LENGTHS:
                keywords[f"min{_LENGTHS[kind]}"] = limit
            case MaxLen(max_length=limit) if kind in _LENGTHS:
                keywords[f"max{_LENGTHS[kind]}"] = limit
    return keywords


def any_of(alternatives: Sequence[Schema]) -> Schema:
    """Any of these schemas; one alone is itself."""
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": list(alternatives)}


def reference(name: str) -> Schema:
    """A definition by its name."""
    return {"$ref": f"#/definitions/{name}"}


def _defaulted(options: type) -> list[Field[Any]]:
    return [
        option
        for option in fields(options)
        if option.name in option_types(options)
        if option.default is not MISSING or option.default_factory is not MISSING
    ]


def _default(option: Field[Any]) -> object:
    return option.default if option.default_factory is MISSING else option.default_factory()


def required_options(options: type) -> list[str]:
    """The options without a default."""
    defaulted = {option.name for option in _defaulted(options)}
    return [name for name in option_types(options) if name not in defaulted]


def description(options: type) -> str:
    """The docstring of a class of options."""
    return inspect.cleandoc(options.__doc__ or "")


def summary(options: type) -> str:
    """The first line of that."""
    return description(options).partition("\n")[0]
