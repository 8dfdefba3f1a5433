"""Options in words: what a type allows, what was given instead, and what was probably meant."""

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
from harness.components.options import TextFile, TrainedRun

_KINDS: Mapping[Any, str] = {
    Any: "anything",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    TextFile: "a file",
    TrainedRun: "the name of a pretraining",
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


def words(base: type[Component]) -> str:
    """A slot in words: ``decoding policy`` for `DecodingPolicy`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", base.__name__).lower()


def a(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def meant(name: str, *, among: Collection[str], otherwise: str) -> str:
    """The way out of a wrong name: the nearest right one, or all that there are."""
    near = difflib.get_close_matches(name, among, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"{otherwise} {', '.join(sorted(among))}" if among else "there are none"


# --- values -------------------------------------------------------------------------------------


def shown(value: object, *, longest: int = _LONGEST) -> str:
    """Plain data as it would stand in a study, on one line and not too long."""
    text = _flow(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _flow(value: object) -> str:
    match value:
        case str():
            return repr(value)
        case Mapping():
            pairs = (f"{spelled(key)}: {_flow(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        case Sequence():
            return f"[{', '.join(map(_flow, value))}]"
    return _IN_YAML.get(str(value), str(value))


def spelled(key: str) -> str:
    """A key as it would stand in a study: bare, if nothing in it needs quotes."""
    return key if re.fullmatch(r"[\w.-]+", key) else shown(key)


# --- types --------------------------------------------------------------------------------------


@cache
def option_types(options: type) -> Mapping[str, Any]:
    """The type of every option of a dataclass, with its bounds, by the option's name."""
    hints = typing.get_type_hints(options, include_extras=True)
    return {field.name: hints[field.name] for field in fields(options) if field.init}


def plain(hint: Any) -> Any:
    """A type without its bounds and without its ``| None``."""
    if typing.get_origin(hint) is Annotated:
        return plain(typing.get_args(hint)[0])
    found = members(hint)
    return plain(found[0]) if is_union(hint) and len(found) == 1 else hint


def leaves_choice(hint: Any) -> bool:
    """Whether a type is a union, apart from null."""
    return is_union(plain(hint))


def within(hint: Any, *, step: str | int) -> Any:
    """The type of what stands under a key or an index of a value; None if nothing can."""
    hint = plain(hint)
    arguments = typing.get_args(hint)
    if is_dataclass(hint):
        return option_types(typing.cast("type", hint)).get(str(step))
    if is_fixed(hint) and isinstance(step, int):
        return dict(enumerate(arguments)).get(step)
    if holds(hint, base=Mapping):
        return arguments[1]
    return arguments[0] if holds(hint, base=Sequence) else None


def allowed(hint: Any) -> str:
    """All that a type allows, such as ``a number at least 0 and below 1``."""
    null = ["null"] if allows_null(hint) else []
    each_of_it = (f"{kind(each)} {bounds(each)}".rstrip() for each in members(hint))
    return " or ".join([*each_of_it, *null])


def kind(hint: Any) -> str:
    """What a value must be, its own bounds apart, such as ``a whole number``."""
    hint = plain(hint)
    arguments = typing.get_args(hint)
    if is_union(hint):
        return allowed(hint)
    if typing.get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    return _kind_of_container(hint) if arguments else _kind_of_class(hint)


def _kind_of_class(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, Component):
        return a(words(hint))
    if is_dataclass(hint):
        options = option_types(typing.cast("type", hint))
        return f"{{{', '.join(f'{name}: {allowed(each)}' for name, each in options.items())}}}"
    return _KINDS.get(hint) or str(getattr(hint, "__name__", hint))


def _kind_of_container(hint: Any) -> str:
    arguments = typing.get_args(hint)
    if is_fixed(hint):
        return f"[{', '.join(map(allowed, arguments))}]"
    if holds(hint, base=Mapping) and arguments[1] is Any:
        return "a mapping"
    if holds(hint, base=Mapping):
        key = "name" if plain(arguments[0]) is str else kind(arguments[0])
        return f"{{{key}: {allowed(arguments[1])}}}"
    return f"a list, each {allowed(arguments[0])}" if holds(hint, base=Sequence) else str(hint)


def bounds(hint: Any) -> str:
    """The bounds of a number, such as ``at least 0 and below 1``; empty if it has none."""
    said = []
    for bound in limits(hint):
        match bound:
            case Ge(ge=limit):
                said.append(f"at least {limit}")
            case Gt(gt=limit):
                said.append(f"above {limit}")
            case Le(le=limit):
                said.append(f"at most {limit}")
            case Lt(lt=limit):
                said.append(f"below {limit}")
    return " and ".join(said)


def lengths(hint: Any) -> str:
    """How long a value must be, such as ``at least 1``; empty if any length will do."""
    said = []
    for bound in limits(hint):
        match bound:
            case MinLen(min_length=limit):
                said.append(f"at least {limit}")
            case MaxLen(max_length=limit):
                said.append(f"at most {limit}")
    return " and ".join(said)


def limits(hint: Any) -> Iterator[Any]:
    """The bounds of a type; of a choice of types there are none."""
    if is_union(hint):
        hint = members(hint)[0] if len(members(hint)) == 1 else None
    if typing.get_origin(hint) is Annotated:
        inner, *metadata = typing.get_args(hint)
        yield from limits(inner)
        for each in metadata:
            # pydantic's own Field() keeps its bounds in `metadata`.
            parts = each if isinstance(each, GroupedMetadata) else getattr(each, "metadata", [each])
            yield from parts


def is_union(hint: Any) -> bool:
    """Whether a type is a choice of types, null among them or not."""
    return typing.get_origin(hint) in (Union, types.UnionType)


def allows_null(hint: Any) -> bool:
    """True for a union with None, such as ``Averaging | None``."""
    return is_union(hint) and type(None) in typing.get_args(hint)


def members(hint: Any) -> Sequence[Any]:
    """The types that a union leaves to choose from, null apart; a type that is no union alone."""
    if not is_union(hint):
        return (hint,)
    return [each for each in typing.get_args(hint) if each is not type(None)]


def is_fixed(hint: Any) -> bool:
    """Whether a type is a list with a type for every place."""
    arguments = typing.get_args(hint)
    return typing.get_origin(hint) is tuple and bool(arguments) and arguments[-1] is not Ellipsis


def holds(hint: Any, *, base: type) -> bool:
    """Whether a type is a container that says of what."""
    origin = typing.get_origin(hint)
    return bool(typing.get_args(hint)) and isinstance(origin, type) and issubclass(origin, base)
