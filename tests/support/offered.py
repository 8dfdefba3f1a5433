"""Every component that our plugins offer, and an example of each."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal

from harness.components import BASES, Component
from harness.components.options import TextFile, TrainedRun
from harness.registry.option_types import option_types
from harness_datasets.hugging_face import Local
from harness_datasets.parallel_text import Files

PLUGINS = Path(__file__).parents[2] / "plugins"
SMALL: Mapping[str, Any] = {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 2}
# Options that must fit together, which their types do not tell; a type stands for an example.
FITTING: Mapping[str, Mapping[str, Any]] = {
    "ray": {"address": "local"},
    "piecewise_constant": {"rates": (0.1, 0.01), "boundaries": (5,)},
    "hugging_face": {"files": Local},
    "parallel_text": dict.fromkeys(("train", "validation", "test"), Files),
    "Files": {"source": TextFile, "target": TextFile},
    "encoder_decoder": SMALL,
    "decoder_only": SMALL,
}

# Slots whose techniques go by the names and the sites of a model.
ON_A_MODEL = (
    "decoding_policy",
    "regularizers",
    "generation",
    "initializer",
    "parameter_groups",
)


def offered() -> dict[str, list[type[Component]]]:
    """Every component that a package under ``plugins/`` offers, by slot."""
    modules = [
        importlib.import_module(folder.parent.name)
        for folder in sorted(PLUGINS.glob("*/*init__.py"))
    ]
    return {
        base.slot: [
            component
            for module in modules
            if hasattr(module, base.hook)
            for component in getattr(module, base.hook)()
        ]
        for base in BASES
    }


OFFERED = offered()


def example(component: type[Any], *, file: Path) -> Any:
    """A component, or a dataclass of options, with a value for each option that needs one."""
    types_of = option_types(component)
    needed = [
        field.name
        for field in fields(component)
        if field.name in types_of and field.default is field.default_factory is MISSING
    ]
    given = {name: value(types_of[name], file=file) for name in needed}
    for name, option in FITTING.get(getattr(component, "name", component.__name__), {}).items():
        given[name] = value(option, file=file) if isinstance(option, type) else option
    return component(**given)


def value(hint: Any, *, file: Path) -> Any:
    """Some value of a type, within its bounds."""
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    arguments = typing.get_args(hint)
    if isinstance(hint, types.UnionType):
        return value(arguments[0], file=file)
    if typing.get_origin(hint) is Literal:
        return arguments[0]
    if typing.get_origin(hint) is tuple:
        return tuple(value(argument, file=file) for argument in arguments if argument is not ...)
    if hint in {TextFile, TrainedRun}:
        return hint(file)
    if isinstance(hint, type) and issubclass(hint, Component):
        return example(OFFERED[hint.slot][0], file=file)
    return (
        {int: 2, float: 0.5, str: "text", bool: True}[hint]
        if hint in {int, float, str, bool}
        else example(hint, file=file)
    )
