"""Option types and values in words, for messages and pages; suggestions for misspelled names."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union

from annotated_types import Ge, GroupedMetadata, Gt, Le, Lt, MaxLen, MinLen

from harness.components import Component
from harness.components.options import InitialWeights, TextFile, TrainedRun

_KINDS: Mapping[Any, str] = {
    Any: "anything",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    TextFile: "a file",
    TrainedRun: "the name of a pretraining",
    InitialWeights: "the name of a pretraining or a model's folder",
    type(None): "null",
}
_IN_YAML = {
    "None": "null",
    "True": "true",
    "False": "false",
    "inf": ".inf",
    "-inf": "-.inf",
    "nan": ".nan",
}
_LONGEST = 60


def slot_noun(base: type[Component]) -> str:
    """The noun for a slot's components: ``decoding policy`` for `DecodingPolicy`."""
    if base.noun:
        return base.noun
    # What a study lists as a metric is one, whatever the base of all of them is called.
    name = base.__name__.removeprefix("Study")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def with_article(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def suggestion(name: str, *, among: Collection[str], otherwise: str) -> str:
    """The way out of a wrong name: the closest, whatever its case, or all that exist."""
    by_lower = {known.lower(): known for known in among}
    if near := difflib.get_close_matches(name.lower(), by_lower, n=1):
        return f"did you mean {by_lower[near[0]]!r}?"
    return f"{otherwise} {', '.join(sorted(among))}" if among else "there are none"


# --- values -------------------------------------------------------------------------------------


def shown(value: object, *, longest: int = _LONGEST) -> str:
    """Plain data in YAML's flow style, on one line of at most `longest` characters."""
    text = _flow(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _flow(value: object) -> str:
    match value:
        case str():  # before Sequence, which text is as well
            return repr(value)
        case Mapping():
            pairs = (f"{spelled(key)}: {_flow(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        case Sequence():
            return f"[{', '.join(map(_flow, value))}]"
    return _IN_YAML.get(str(value), str(value))


def spelled(key: str) -> str:
    """A key in YAML: bare, if nothing in it needs quotes."""
    return key if re.fullmatch(r"[\w.-]+", key) else shown(key)


# --- types --------------------------------------------------------------------------------------


@cache
def option_types(options: type) -> Mapping[str, Any]:
    """The type of every option of a dataclass, with its bounds, by the option's name."""
    hints = typing.get_type_hints(options, include_extras=True)
    # A field that is computed cannot be written in a study.
    return {field.name: hints[field.name] for field in fields(options) if field.init}


def plain(hint: Any) -> Any:
    """A type without its bounds and without its ``| None``."""
    if typing.get_origin(hint) is Annotated:
        return plain(typing.get_args(hint)[0])
    choices = members(hint)
    return plain(choices[0]) if is_union(hint) and len(choices) == 1 else hint


def is_choice(hint: Any) -> bool:
    """True for a union of several types, null not counted."""
    return is_union(plain(hint))


def inner_type(hint: Any, *, step: str | int) -> Any:
    """The type of the value under a key or an index; None if there can be none."""
    hint = plain(hint)
    arguments = typing.get_args(hint)
    if is_dataclass(hint):
        return option_types(typing.cast("type", hint)).get(str(step))
    if is_fixed_length(hint) and isinstance(step, int):
        return dict(enumerate(arguments)).get(step)
    if is_container(hint, base=Mapping):
        return arguments[1]
    return arguments[0] if is_container(hint, base=Sequence) else None


def describe(hint: Any) -> str:
    """The values that a type allows, such as ``a number at least 0 and below 1``."""
    null = ["null"] if allows_null(hint) else []
    choices = (f"{describe_kind(choice)} {bounds(choice)}".rstrip() for choice in members(hint))
    return " or ".join([*choices, *null])


def describe_kind(hint: Any) -> str:
    """The kind of value that a type allows, without bounds, such as ``a whole number``."""
    hint = plain(hint)
    arguments = typing.get_args(hint)
    if is_union(hint):
        return describe(hint)
    if typing.get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    return _kind_of_container(hint) if arguments else _kind_of_class(hint)


def _kind_of_class(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, Component):
        return with_article(slot_noun(hint))
    if is_dataclass(hint):
        options = option_types(typing.cast("type", hint))
        return f"{{{', '.join(f'{name}: {describe(option)}' for name, option in options.items())}}}"
    return _KINDS.get(hint) or str(getattr(hint, "__name__", hint))


def _kind_of_container(hint: Any) -> str:
    arguments = typing.get_args(hint)
    if is_fixed_length(hint):
        return f"[{', '.join(map(describe, arguments))}]"
    if is_container(hint, base=Mapping) and arguments[1] is Any:
        return "a mapping"
    if is_container(hint, base=Mapping):
        key = "name" if plain(arguments[0]) is str else describe_kind(arguments[0])
        return f"{{{key}: {describe(arguments[1])}}}"
    return (
        f"a list, each {describe(arguments[0])}" if is_container(hint, base=Sequence) else str(hint)
    )


def bounds(hint: Any) -> str:
    """The bounds of a number, such as ``at least 0 and below 1``; empty if it has none."""
    parts = []
    for bound in limits(hint):
        match bound:
            case Ge(ge=limit):
                parts.append(f"at least {limit}")
            case Gt(gt=limit):
                parts.append(f"above {limit}")
            case Le(le=limit):
                parts.append(f"at most {limit}")
            case Lt(lt=limit):
                parts.append(f"below {limit}")
    return " and ".join(parts)


def lengths(hint: Any) -> str:
    """The bounds of a value's length, such as ``at least 1``; empty if it has none."""
    parts = []
    for bound in limits(hint):
        match bound:
            case MinLen(min_length=limit):
                parts.append(f"at least {limit}")
            case MaxLen(max_length=limit):
                parts.append(f"at most {limit}")
    return " and ".join(parts)


def limits(hint: Any) -> Iterator[Any]:
    """The bounds of a type; of a choice of types there are none."""
    if is_union(hint):
        hint = members(hint)[0] if len(members(hint)) == 1 else None
    if typing.get_origin(hint) is Annotated:
        inner, *metadata = typing.get_args(hint)
        yield from limits(inner)
        for item in metadata:
            # pydantic's own Field() keeps its bounds in `metadata`.
            grouped = isinstance(item, GroupedMetadata)
            yield from item if grouped else getattr(item, "metadata", [item])


def is_union(hint: Any) -> bool:
    """True for a choice of types, null among them or not."""
    return typing.get_origin(hint) in (Union, types.UnionType)


def allows_null(hint: Any) -> bool:
    """True for a union with None, such as ``Averaging | None``."""
    return is_union(hint) and type(None) in typing.get_args(hint)


def members(hint: Any) -> Sequence[Any]:
    """The members of a union without null; of any other type, the type itself."""
    if not is_union(hint):
        return (hint,)
    return [member for member in typing.get_args(hint) if member is not type(None)]


def is_fixed_length(hint: Any) -> bool:
    """True for a list with a type for every place, such as ``tuple[int, float]``."""
    arguments = typing.get_args(hint)
    return typing.get_origin(hint) is tuple and bool(arguments) and arguments[-1] is not Ellipsis


def is_container(hint: Any, *, base: type) -> bool:
    """True for a container of this base with the types of its items."""
    origin = typing.get_origin(hint)
    return bool(typing.get_args(hint)) and isinstance(origin, type) and issubclass(origin, base)
