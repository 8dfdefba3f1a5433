"""Faults of plain data, each with its path, and pydantic's errors rewritten as such faults."""

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

DataPath = tuple[str | int, ...]  # keys and indices, from the root of the data

_TOO_FAR = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_TOO_MANY = {"too_short", "too_long", "string_too_short", "string_too_long"}
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}
_WRONG_KIND = {"literal_error", "int_from_float", "int_parsing", "float_parsing", "missing"}


class DataFault(NamedTuple):
    """One fault of data, at the value of a path or, if `at_key`, at the last key of the path."""

    path: DataPath
    message: str
    at_key: bool = False

    def under(self, *outer: str | int) -> DataFault:
        """The same fault, its path prefixed."""
        return self._replace(path=(*outer, *self.path))


class InvalidData(ValueError):
    """All the faults of some data; a `ValueError`, which pydantic passes on from nested checks."""

    def __init__(self, faults: Sequence[DataFault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = tuple(dict.fromkeys(faults))

    def under(self, *outer: str | int) -> InvalidData:
        """The same faults, their paths prefixed."""
        return InvalidData([fault.under(*outer) for fault in self.faults])


def explain(error: Mapping[str, Any], *, data: Any, of: type, owner: str) -> Sequence[DataFault]:
    """One of pydantic's errors from checking `data` as the options of a dataclass, as faults.

    `owner` is the name that messages use for `data`.
    """
    steps: DataPath = error["loc"]
    if error["type"] == "missing" and isinstance(steps[-1], int):
        steps = steps[:-1]  # a list of fixed length is wrong as a whole
    path, hint = _path(of, steps=steps)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InvalidData):
        return cause.under(*path).faults
    if cause is not None:  # raised by a component's own check, which words its message
        return [DataFault(path, " ".join(str(cause).split()))]
    if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
        return []  # pydantic counts valid entries only, and the invalid ones are reported already
    if path == error["loc"]:
        at_key = _key_fault(error["type"], path=path, of=of, owner=owner)
        if at_key:
            return [at_key]
    # Within a union pydantic names one member's value; the fault is that of the whole option.
    value = reduce(getitem, path, data) if is_choice(hint) else error["input"]
    fault = _value_fault(error["type"], hint=hint)
    fault = f" {fault}" if fault else f": {error['msg']}"
    return [DataFault(path, f"{_dotted(path) or owner}{fault}, got {shown(value)}")]


def _key_fault(error: str, *, path: DataPath, of: type, owner: str) -> DataFault | None:
    """A key that is missing, unknown or of the wrong type."""
    *outer, key = path or ("",)
    _, hint = _path(of, steps=outer)
    holder = _dotted(outer) or owner
    if error == "missing":
        return DataFault(tuple(outer), f"{holder} needs {shown(key)}", at_key=True)
    if error in _UNKNOWN:
        rest = suggestion(str(key), among=option_types(plain(hint)), otherwise="there are")
        return DataFault(path, f"no option {shown(key)} in {holder}; {rest}", at_key=True)
    if key == "[key]":
        *outer, key = outer
        key_type, _ = typing.get_args(plain(_path(of, steps=outer)[1]))
        fault = f"a key of {_dotted(outer)} must be {describe_kind(key_type)}, got {shown(key)}"
        return DataFault((*outer, key), fault, at_key=True)
    return None


def _value_fault(error: str, *, hint: Any) -> str | None:
    """The requirement that a value breaks; None for errors that pydantic words well enough."""
    if error == "finite_number":
        return "must be a finite number"
    if error in _TOO_FAR and bounds(hint):
        return f"must be {bounds(hint)}"
    if error in _TOO_MANY and lengths(hint):
        return f"must be {lengths(hint)} long"
    if is_choice(hint) or error in {*_TOO_MANY, *_WRONG_KIND} or error.endswith("_type"):
        return f"must be {describe_kind(hint)}"
    return None


def _path(hint: Any, *, steps: Sequence[str | int]) -> tuple[DataPath, Any]:
    """The part of pydantic's steps that leads into the data itself, and the type expected there.

    Within a union, steps name the member that was tried; all of them failed, so the fault is that
    of the whole option.
    """
    for depth, step in enumerate(steps):
        if is_choice(hint):
            return tuple(steps[:depth]), hint
        hint = inner_type(hint, step=step)
    return tuple(steps), hint


def _dotted(path: Sequence[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{spelled(step)}" for step in path)
    return "".join(steps).removeprefix(".")
