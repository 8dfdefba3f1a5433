"""A JSON schema of studies, from the catalog, for editors to complete and check them.

It covers names, types and ranges; `harness validate` also checks what a schema cannot express,
such as files and options that depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.components import SLOTS, Component
from harness.loading.names import VARIANT_NAME
from harness.loading.option_schema import (
    Schema,
    any_of,
    description,
    object_schema,
    reference,
    required_options,
    summary,
    type_schema,
)
from harness.loading.overrides import OPTIONAL
from harness.loading.study_file import FILLED_IN, StudyKeys
from harness.registry.catalog import Catalog
from harness.registry.option_types import members, option_types
from harness.study.experiment import Budget, Experiment
from harness.study.values import BASELINE

_OFF = {"enum": ["off", False], "description": "Without it."}


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
        "baseline": {"type": "object", "description": description(Experiment)},
        "variants": {**_named("variant"), "minProperties": 1},
        "pretraining": _named("pretraining"),
        **_designs(),
    }
    study = object_schema(StudyKeys, instead=keys, optional=FILLED_IN)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A study",
        **study,
        "description": "A question, the variants that answer it, and how they are compared.",
        **_required_keys(study["required"]),
        "definitions": definitions,
    }


def _required_keys(names: Sequence[str]) -> Schema:
    """The keys that must be there, unless a file that is included may have them."""
    listed: Schema = {"anyOf": [{"required": ["variants"]}, {"required": ["grid"]}]}
    crossed: Schema = {"required": ["factors"]}
    return {
        "required": [],
        "if": {"required": ["include"], "properties": {"include": {"not": {"type": "null"}}}},
        "then": {
            "properties": {"baseline": reference("variant")},
            "not": {"allOf": [crossed, listed]},
        },
        "else": {
            "properties": {"baseline": reference("baseline")},
            "required": names,
            "oneOf": [crossed, listed],
        },
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
                "additionalProperties": reference("variant"),
            },
        },
        "datasets": {
            "type": "object",
            "description": "Further corpora, by name: all is trained on each of them too.",
            "propertyNames": {"pattern": f"^{VARIANT_NAME}$", "not": {"const": BASELINE}},
            "minProperties": 1,
            "additionalProperties": reference("dataset"),
        },
    }


def _named(kind: str) -> Schema:
    """Variants or pretrainings, by name."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{VARIANT_NAME}$", "not": {"const": BASELINE}},
        "additionalProperties": reference(kind),
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
            name: any_of([reference(f"regularizers.{name}"), *off])
            for name in sorted(catalog.offers["regularizers"])
        },
        "additionalProperties": False,
    }
    instead: dict[str, Schema] = {"regularizers": regularizers}
    for name in OPTIONAL:
        given = map(type_schema, members(option_types(Experiment)[name]))
        instead[name] = any_of([*given, _OFF, {"type": "null"}])
    if partial:
        instead |= {
            "model": any_of([reference("model"), *_changes(catalog, slot="model")]),
            "budget": object_schema(Budget, optional=option_types(Budget)),
        }
    optional = option_types(Experiment) if partial else ["regularizers"]
    return object_schema(Experiment, instead=instead, optional=optional)


def _changes(catalog: Catalog, *, slot: str) -> Iterator[Schema]:
    """Options of each component of a slot, without its name: the baseline's is meant."""
    for offers in catalog.offers[slot].values():
        component = offers[0].component
        yield object_schema(component, optional=option_types(component))


def _choice(components: Sequence[type[Component]], *, unnamed: str | None) -> Schema:
    """A component of a slot: its name, its name with options, or options of the `unnamed` one."""
    names = [
        {"const": component.name, "description": summary(component)}
        for component in components
        if not required_options(component)
    ]
    with_options = {
        "type": "object",
        "properties": {
            component.name: reference(f"{component.slot}.{component.name}")
            for component in components
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    bare = [object_schema(component) for component in components if component.name == unnamed]
    return {"oneOf": [*names, with_options, *bare]}


def _options(component: type[Component]) -> Schema:
    """The value of a component's name: options, a bare value, or nothing."""
    options = object_schema(component)
    required = required_options(component)
    alternatives = [options]
    if component.bare is not None and set(required) <= {component.bare}:
        alternatives.append(type_schema(option_types(component)[component.bare]))
    if not required:
        alternatives.append({"type": "null"})
    return {"description": description(component), **any_of(alternatives)}
