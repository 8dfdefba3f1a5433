"""A JSON schema of studies, from the catalog, for editors to complete and check them.

It covers names, types and ranges; `harness validate` also checks what a schema cannot express,
such as files and options that depend on each other.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from harness.components import SLOTS, Component
from harness.components.options import InitialWeights, TextFile, TrainedRun
from harness.loading.names import VARIANT_NAME
from harness.loading.overrides import OPTIONAL
from harness.loading.study_file import FILLED_IN, StudyKeys
from harness.registry.catalog import Catalog
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
from harness.study.experiment import Budget, Experiment
from harness.study.values import BASELINE

Schema = Mapping[str, Any]

_OFF = {"enum": ["off", False], "description": "Without it."}
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


def schema(catalog: Catalog) -> Schema:
    """The schema of all studies that this catalog's components can be named in (draft 7)."""
    definitions: dict[str, Schema] = {
        "baseline": _experiment(catalog, partial=False),
        "variant": _experiment(catalog, partial=True),
    }
    definitions["pretraining"] = _without(definitions["variant"], option="starts_from")
    for slot, names in catalog.offers.items():
        # The first of several offers: a name that two plugins offer is refused where a study uses
        # it.
        components = [names[name][0].component for name in sorted(names)]
        definitions[slot] = _choice(components, unnamed=SLOTS[slot].unnamed)
        definitions |= {f"{slot}.{component.name}": _options(component) for component in components}
    keys = {
        "baseline": _reference("baseline"),
        "variants": {**_named("variant"), "minProperties": 1},
        "pretraining": _named("pretraining"),
        **_designs(),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A study",
        **_object(StudyKeys, instead=keys, optional=FILLED_IN),
        "description": "A question, the variants that answer it, and how they are compared.",
        "oneOf": [
            {"required": ["factors"]},
            {"anyOf": [{"required": ["variants"]}, {"required": ["grid"]}]},
        ],
        "definitions": definitions,
    }


def _designs() -> dict[str, Schema]:
    """The keys that variants are written out from."""
    return {
        "grid": {
            "type": "object",
            "description": "One option, such as regularizers.dropout, and its values.",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1},
        },
        "factors": {
            "type": "object",
            "description": "Factor: level: what the level changes; all combinations are trained.",
            "minProperties": 2,
            "additionalProperties": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _reference("variant"),
            },
        },
        "datasets": {
            "type": "object",
            "description": "Further corpora, by name: all is trained on each of them too.",
            "propertyNames": {"pattern": f"^{VARIANT_NAME}$", "not": {"const": BASELINE}},
            "minProperties": 1,
            "additionalProperties": _reference("dataset"),
        },
    }


# --- experiments --------------------------------------------------------------------------------


def _named(kind: str) -> Schema:
    """Variants or pretrainings, by name."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{VARIANT_NAME}$", "not": {"const": BASELINE}},
        "additionalProperties": _reference(kind),
    }


def _without(schema: Schema, *, option: str) -> Schema:
    kept = {name: value for name, value in schema["properties"].items() if name != option}
    return {**schema, "properties": kept}


def _experiment(catalog: Catalog, *, partial: bool) -> Schema:
    """All the choices of the baseline; if `partial`, of a variant, which may turn some off."""
    off = [_OFF] if partial else []
    regularizers = {
        "type": "object",
        "properties": {
            name: _any_of([_reference(f"regularizers.{name}"), *off])
            for name in sorted(catalog.offers["regularizers"])
        },
        "additionalProperties": False,
    }
    instead: dict[str, Schema] = {"regularizers": regularizers}
    for name in OPTIONAL:
        given = map(_type, members(option_types(Experiment)[name]))
        instead[name] = _any_of([*given, _OFF, {"type": "null"}])
    if partial:
        instead |= {
            "model": _any_of([_reference("model"), *_changes(catalog, slot="model")]),
            "budget": _object(Budget, optional=option_types(Budget)),
        }
    optional = option_types(Experiment) if partial else ["regularizers"]
    return _object(Experiment, instead=instead, optional=optional)


def _changes(catalog: Catalog, *, slot: str) -> Iterator[Schema]:
    """Options of each component of a slot, without its name: the baseline's is meant."""
    for offers in catalog.offers[slot].values():
        component = offers[0].component
        yield _object(component, optional=option_types(component))


def _choice(components: Sequence[type[Component]], *, unnamed: str | None) -> Schema:
    """A component of a slot: its name, its name with options, or options of the `unnamed` one."""
    names = [
        {"const": component.name, "description": _summary(component)}
        for component in components
        if not _required(component)
    ]
    with_options = {
        "type": "object",
        "properties": {
            component.name: _reference(f"{component.slot}.{component.name}")
            for component in components
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    bare = [_object(component) for component in components if component.name == unnamed]
    return {"oneOf": [*names, with_options, *bare]}


def _options(component: type[Component]) -> Schema:
    """The value of a component's name: options, a bare value, or nothing."""
    options = _object(component)
    required = _required(component)
    alternatives = [options]
    if component.bare is not None and set(required) <= {component.bare}:
        alternatives.append(_type(option_types(component)[component.bare]))
    if not required:
        alternatives.append({"type": "null"})
    return {"description": _text(component), **_any_of(alternatives)}


# --- types --------------------------------------------------------------------------------------


def _object(
    options: type, *, instead: Mapping[str, Schema] | None = None, optional: Collection[str] = ()
) -> Schema:
    """A dataclass's options; `instead` has schemas of some, `optional` ones are not required."""
    properties = {name: _type(hint) for name, hint in option_types(options).items()}
    defaults = {option.name: resolved(_default(option)) for option in _defaulted(options)}
    for name, value in defaults.items():
        if "$ref" not in properties[name]:  # draft 7 ignores any key next to $ref
            properties[name] = {**properties[name], "default": value}
    return {
        "type": "object",
        "description": _text(options),
        "properties": {**properties, **(instead or {})},
        "required": [name for name in _required(options) if name not in optional],
        "additionalProperties": False,
    }


def _type(hint: Any) -> Schema:
    """The schema of a type, with its bounds."""
    if allows_null(hint):
        return _any_of([*map(_type, members(hint)), {"type": "null"}])
    bare = plain(hint)
    allowed = _any_of(list(map(_type, members(bare)))) if is_union(bare) else _kind(bare)
    return {**allowed, **_bounds(hint, kind=str(allowed.get("type")))}


def _kind(hint: Any) -> Schema:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return {"enum": list(arguments)}
    if is_fixed_length(hint):
        size = len(arguments)
        items = [_type(argument) for argument in arguments]
        return {"type": "array", "items": items, "minItems": size, "maxItems": size}
    if is_container(hint, base=Mapping):
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    if is_container(hint, base=Sequence):
        return {"type": "array", "items": _type(arguments[0])}
    if isinstance(hint, type) and issubclass(hint, Component):
        return _reference(hint.slot)
    return _object(hint) if is_dataclass(hint) and isinstance(hint, type) else _KINDS.get(hint, {})


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


def _any_of(alternatives: Sequence[Schema]) -> Schema:
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": list(alternatives)}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


# --- dataclasses --------------------------------------------------------------------------------


def _defaulted(options: type) -> list[Field[Any]]:
    return [
        option
        for option in fields(options)
        if option.name in option_types(options)
        if option.default is not MISSING or option.default_factory is not MISSING
    ]


def _default(option: Field[Any]) -> object:
    return option.default if option.default_factory is MISSING else option.default_factory()


def _required(options: type) -> list[str]:
    defaulted = {option.name for option in _defaulted(options)}
    return [name for name in option_types(options) if name not in defaulted]


def _text(options: type) -> str:
    return inspect.cleandoc(options.__doc__ or "")


def _summary(options: type) -> str:
    return _text(options).partition("\n")[0]
