"""What does not fit in plain data: its place, and pydantic's complaint in the words of a study."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.wording import (
    bounds,
    kind,
    leaves_choice,
    lengths,
    meant,
    option_types,
    plain,
    shown,
    within,
)

Place = tuple[str | int, ...]

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
    carried = error.get("ctx", {}).get("error")
    if isinstance(carried, Misfits):
        return carried.under(*error["loc"]).misfits
    if carried is not None:  # raised by a component, whose words they are
        return [Misfit(error["loc"], " ".join(str(carried).split()))]
    place, hint = _place(of, steps=error["loc"])
    if error["type"] == "missing" and isinstance(place[-1], str):
        fault = f"{_spelled(place[:-1]) or owner} needs {place[-1]!r}"
        return [Misfit(place[:-1], fault, at_key=True)]
    if error["type"] in _UNKNOWN:
        return [_unknown(place, of=of, owner=owner)]
    if place[-1:] == ("[key]",):
        return [_wrong_key(place[:-1], of=of)]
    if error["type"] == "missing":  # from a list with a type for every place
        place, hint = _place(of, steps=place[:-1])
    value = data
    for step in place:
        value = value[step]
    fault = _fault(error["type"], hint=hint, value=value) or f"does not fit: {error['msg']}"
    return [Misfit(place, f"{_spelled(place) or owner} {fault}")]


def _unknown(place: Place, *, of: type, owner: str) -> Misfit:
    *outer, name = place
    names = option_types(plain(_place(of, steps=outer)[1]))
    rest = meant(str(name), among=names, otherwise="there are")
    fault = f"no option {name!r} in {_spelled(outer) or owner}; {rest}"
    return Misfit(place, fault, at_key=True)


def _wrong_key(place: Place, *, of: type) -> Misfit:
    *outer, key = place
    wanted, _ = typing.get_args(plain(_place(of, steps=outer)[1]))
    fault = f"a key of {_spelled(outer)} must be {kind(wanted)}, got {shown(key)}"
    return Misfit(place, fault, at_key=True)


def _fault(error: str, *, hint: Any, value: object) -> str | None:
    """What is wrong with a value, for errors whose own words are a programmer's."""
    if error == "finite_number":
        return f"must be a finite number, got {shown(value)}"
    if error in _TOO_FAR and not leaves_choice(hint):
        return f"must be {bounds(hint)}, got {shown(value)}"
    if error in _TOO_MANY and lengths(hint):
        return f"must be {lengths(hint)} long, got {shown(value)}"
    if error in {*_TOO_FAR, *_TOO_MANY, *_WRONG_KIND} or error.endswith("_type"):
        return f"must be {kind(hint)}, got {shown(value)}"
    return None


def _place(hint: Any, *, steps: Sequence[str | int]) -> tuple[Place, Any]:
    """How far pydantic's steps go into the data itself, and the type that belongs there.

    Among the types of a union, steps name the one that was tried; all of them failed, so that the
    fault is the whole option's.
    """
    for depth, step in enumerate(steps):
        if leaves_choice(hint):
            return tuple(steps[:depth]), hint
        hint = within(hint, step=step)
    return tuple(steps), hint


def _spelled(place: Sequence[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")
