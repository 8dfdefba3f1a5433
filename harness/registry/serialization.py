"""Components as plain JSON data, every default written out: the inverse of validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from harness.components import Component
from harness.components.options import TextFile, TrainedRun

Substitution = Callable[[str], str]
Place = tuple[str | int, ...]


def resolved(value: object, *, file: Substitution = str, trained: Substitution = str) -> Any:
    """A component as ``{name: {every option}}``, and everything nested in it, as JSON data.

    Options come in the order of their declaration, entries of a mapping by key. `file` replaces a
    text file, `trained` a trained run: an identity puts digests there.
    """
    inside = partial(resolved, file=file, trained=trained)
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            if isinstance(value, TrainedRun):
                return trained(value)
            return file(value) if isinstance(value, TextFile) else value
        case Mapping():
            # Sorted, as the order in which a study writes a mapping is no part of an identity.
            return {str(key): inside(value[key]) for key in sorted(value)}
        case tuple() | list():
            return [inside(item) for item in value]
    if not is_dataclass(value):
        raise TypeError(f"an option of type {type(value).__name__} cannot be written as JSON")
    options = {
        field.name: inside(getattr(value, field.name)) for field in fields(value) if field.init
    }
    return {value.name: options} if isinstance(value, Component) else options


def leaves(value: object) -> Iterator[object]:
    """A value and everything in it: components, their options, what those are made of."""
    yield value
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from leaves(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
