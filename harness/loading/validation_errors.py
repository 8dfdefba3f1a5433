"""What does not fit in plain data: its place, and pydantic's complaint in the words of a study."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from harness.registry.option_types import (
    bounds,
    describe_kind,
    inner_type,
    is_choice,
    lengths,
    option_types,
    plain,
    shown,
    spelled,
    suggestion,
)
from harness.registry.serialization import Place

_TOO_FAR = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_TOO_MANY = {"too_short", "too_long", "string_too_short", "string_too_long"}
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}
_WRONG_KIND = {"literal_error", "int_from_float", "int_parsing", "float_parsing", "missing"}


class Misfit(NamedTuple):
    """One thing wrong with data: where, and whether it is the key there or its value."""

    place: Place
    message: str
    at_key: bool = False

    def under(self, *place: str | int) -> Misfit:
        """The same, seen from further out."""
        return self._replace(place=(*place, *self.place))


class Misfits(ValueError):
    """Everything wrong with some data; a `ValueError`, so that pydantic carries it outwards."""

    def __init__(self, misfits: Sequence[Misfit]) -> None:
        super().__init__("; ".join(each.message for each in misfits))
        self.misfits = tuple(dict.fromkeys(misfits))

    def under(self, *place: str | int) -> Misfits:
        """The same, seen from further out."""
        return Misfits([each.under(*place) for each in self.misfits])


def misfits(error: Mapping[str, Any], *, data: Any, of: type, owner: str) -> Sequence[Misfit]:
    """What one of pydantic's errors means, of checking `data` as the options of a dataclass.

    `owner` is what messages call it.
    """
    steps: Place = error["loc"]
    if error["type"] == "missing" and isinstance(steps[-1], int):
        steps = steps[:-1]  # a list with a type for every place is wrong as a whole
    place, hint = _place(of, steps=steps)
    carried = error.get("ctx", {}).get("error")
    if isinstance(carried, Misfits):
        return carried.under(*place).misfits
    if carried is not None:  # raised by a component, whose words they are
        return [Misfit(place, " ".join(str(carried).split()))]
    if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
        return []  # it only seems so because entries are at fault, which is said already
    if place == error["loc"]:
        at_key = _key_fault(error["type"], place=place, of=of, owner=owner)
        if at_key:
            return [at_key]
    # Into a choice of types pydantic may have gone further than where the fault is.
    value = reduce(getitem, place, data) if is_choice(hint) else error["input"]
    fault = _value_fault(error["type"], hint=hint)
    fault = f" {fault}" if fault else f": {error['msg']}"
    return [Misfit(place, f"{_spelled(place) or owner}{fault}, got {shown(value)}")]


def _key_fault(error: str, *, place: Place, of: type, owner: str) -> Misfit | None:
    """A key that is missing, unknown or of the wrong type."""
    *outer, key = place or ("",)
    _, hint = _place(of, steps=outer)
    if error == "missing":
        return Misfit(tuple(outer), f"{_spelled(outer) or owner} needs {shown(key)}", at_key=True)
    if error in _UNKNOWN:
        rest = suggestion(str(key), among=option_types(plain(hint)), otherwise="there are")
        fault = f"no option {shown(key)} in {_spelled(outer) or owner}; {rest}"
        return Misfit(place, fault, at_key=True)
    if key == "[key]":
        *outer, key = outer
        wanted, _ = typing.get_args(plain(_place(of, steps=outer)[1]))
        fault = f"a key of {_spelled(outer)} must be {describe_kind(wanted)}, got {shown(key)}"
        return Misfit((*outer, key), fault, at_key=True)
    return None


def _value_fault(error: str, *, hint: Any) -> str | None:
    """What a value must be, for errors whose own words are a programmer's."""
    if error == "finite_number":
        return "must be a finite number"
    if error in _TOO_FAR and bounds(hint):
        return f"must be {bounds(hint)}"
    if error in _TOO_MANY and lengths(hint):
        return f"must be {lengths(hint)} long"
    if is_choice(hint) or error in {*_TOO_MANY, *_WRONG_KIND} or error.endswith("_type"):
        return f"must be {describe_kind(hint)}"
    return None


def _place(hint: Any, *, steps: Sequence[str | int]) -> tuple[Place, Any]:
    """How far pydantic's steps go into the data itself, and the type that belongs there.

    Among the types of a union, steps name the one that was tried; all of them failed, so that the
    fault is the whole option's.
    """
    for depth, step in enumerate(steps):
        if is_choice(hint):
            return tuple(steps[:depth]), hint
        hint = inner_type(hint, step=step)
    return tuple(steps), hint


def _spelled(place: Sequence[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{spelled(step)}" for step in place)
    return "".join(steps).removeprefix(".")
