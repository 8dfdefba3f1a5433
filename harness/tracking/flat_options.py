"""An experiment as flat options: a path and one value each, never a mapping as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from harness.components import Component
from harness.registry.option_types import shown
from harness.study.experiment import Experiment

NONE = "none"
_LONGEST = 500  # characters of a value


def flat_options(experiment: Mapping[str, Any]) -> Mapping[str, str]:
    """Every option by its path: ``{"schedule": "noam", "schedule.noam.warmup": "4000"}``.

    Where components are chosen, their names are a value too, in their order: a component that is
    replaced, or that has no options, would else not show. Words and numbers are as in a study, but
    words without quotes.
    """
    return {
        path: text for slot, choice in experiment.items() for path, text in _flat(choice, path=slot)
    }


def _flat(value: Any, *, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping() if all(isinstance(options, Mapping) for options in value.values()):
            yield path, ", ".join(value) or NONE
            for name, options in value.items():
                for option, item in options.items():
                    yield from _flat(item, path=f"{path}.{name}.{option}")
        case Mapping():
            for option, item in value.items():
                yield from _flat(item, path=f"{path}.{option}")
        case list() if any(isinstance(item, Mapping) for item in value):
            for place, item in enumerate(value):
                yield from _flat(item, path=f"{path}.{place}")
        case None:
            yield path, NONE
        case str():
            yield path, value
        case _:
            yield path, shown(value, longest=_LONGEST)


def left_to_defaults(experiment: Experiment) -> frozenset[str]:
    """The paths of options of components that have their default."""
    choices = ((field.name, getattr(experiment, field.name)) for field in fields(experiment))
    return frozenset(path for slot, choice in choices for path in _defaults(choice, path=slot))


def _defaults(choice: Any, *, path: str) -> Iterator[str]:
    match choice:
        case Component():
            for field in fields(choice):
                value, place = getattr(choice, field.name), f"{path}.{choice.name}.{field.name}"
                if value == field.default:
                    yield place
                yield from _defaults(value, path=place)
        case Mapping():
            for component in choice.values():
                yield from _defaults(component, path=path)
