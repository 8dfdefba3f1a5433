"""Choices back to plain data, with every default written out: the inverse of checking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from harness.components import Component
from harness.components.options import TextFile
from harness.study import Experiment


def resolved(value: object, *, file: Callable[[str], str] = str) -> Any:
    """A component as ``{name: {every option}}``, and all that is in it, as JSON data.

    Options come in the order of their declaration, entries of a mapping by key. `file` says what
    stands for a text file: an identity puts a digest of its content there.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return file(value) if isinstance(value, TextFile) else value
        case Mapping():
            return {str(key): resolved(value[key], file=file) for key in sorted(value)}
        case tuple() | list():
            return [resolved(each, file=file) for each in value]
    if not is_dataclass(value):
        raise TypeError(f"an option of type {type(value).__name__} cannot be written down")
    options = {
        field.name: resolved(getattr(value, field.name), file=file)
        for field in fields(value)
        if field.init
    }
    return {value.name: options} if isinstance(value, Component) else options


def leaves(value: object) -> Iterator[object]:
    """A value and everything in it: components, their options, what those are made of."""
    yield value
    if isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from leaves(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))


def resolved_experiment(experiment: Experiment, *, file: Callable[[str], str] = str) -> Any:
    """An experiment as a study could write it, nothing left to defaults."""
    data = resolved(experiment, file=file)
    regularizers = data["regularizers"].items()
    return {**data, "regularizers": {name: options[name] for name, options in regularizers}}
