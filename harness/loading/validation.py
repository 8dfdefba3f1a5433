"""Plain data to components, every option checked; what does not fit is said with its place.

A component is written ``noam``, ``{noam: {warmup: 4}}``, ``{noam: null}`` or, where it names a
`bare` option, ``{dropout: 0.1}``. It is found by that one key; pydantic checks its options.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from harness.components import SLOTS, Component
from harness.errors import HarnessError, PluginError
from harness.loading.validation_errors import Misfit, Misfits, misfits
from harness.registry.catalog import Catalog
from harness.registry.option_types import shown, slot_noun, with_article
from harness.registry.serialization import resolved
from harness.study.experiment import Experiment
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE

__all__ = [
    "Checker",
    "Misfit",
    "Misfits",
    "experiment_from",
    "resolved",
    "resolved_experiment",
]

Checked = TypeVar("Checked")


@dataclass(frozen=True)
class Checker:
    """Makes components out of plain data; both methods raise `Misfits`.

    `find_file` turns the path of a text file as it was written into the one to open, `find_start`
    the name of a trained run into what stands for it; both raise `ValueError` when there is none.
    """

    catalog: Catalog
    find_file: Callable[[str], str] | None = None
    find_start: Callable[[str], str] | None = None

    def component(self, data: object, *, slot: str) -> Component:
        """The component that `data` names, with its options."""
        if isinstance(data, str):
            name, options = data, None
        elif isinstance(data, Mapping) and len(data) == 1:
            ((name, options),) = data.items()
        else:
            noun = with_article(slot_noun(SLOTS[slot]))
            fault = f"{noun} is a name, or {{name: options}}, not {shown(data)}"
            raise Misfits([Misfit((), fault)])
        try:
            component = self.catalog.find(name, slot=slot)
        except HarnessError as error:
            raise Misfits([Misfit((name,), str(error), at_key=True)]) from None
        if options is None:
            options = {}
        elif not isinstance(options, Mapping) and component.bare is not None:
            options = {component.bare: options}
        try:
            return self.options(options, of=component, owner=component.name)
        except Misfits as found:
            raise found.under(name) from None

    def options(self, data: object, *, of: type[Checked], owner: str) -> Checked:
        """The dataclass `of` with these options; `owner` is what messages call it."""
        if not isinstance(data, Mapping):
            raise Misfits([Misfit((), f"{owner} takes {{option: value}}, not {shown(data)}")])
        context = {
            "choose": self.component,
            "find_file": self.find_file,
            "find_start": self.find_start,
        }
        try:
            adapter = _adapter(cast("type", of))
            checked: Checked = adapter.validate_json(json.dumps(data), context=context)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            found = [misfits(each, data=data, of=of, owner=owner) for each in errors]
            raise Misfits([each for some in found for each in some]) from None
        except HarnessError as error:  # a component's own check of its options
            raise Misfits([Misfit((), str(error))]) from None
        return checked

    def experiment(self, data: object) -> Experiment:
        """All the choices of a variant; regularizers, ``{name: options}`` or none, come by name."""
        if isinstance(data, Mapping):
            given = data.get("regularizers", {})
            if isinstance(given, Mapping):
                given = {name: {name: given[name]} for name in sorted(given)}
            data = {**data, "regularizers": given}
        try:
            experiment = self.options(data, of=Experiment, owner=BASELINE)
        except Misfits as found:
            raise Misfits([_once_named(each) for each in found.misfits]) from None
        excluded = list(_excluded(experiment))
        if excluded:
            raise Misfits(excluded)
        return experiment


def experiment_from(
    data: object, *, catalog: Catalog, find_file: Callable[[str], str] | None = None
) -> Experiment:
    """The experiment that `resolved_experiment` wrote down; raises `HarnessError`."""
    try:
        return Checker(catalog, find_file).experiment(data)
    except Misfits as found:
        lines = (f"{'.'.join(map(str, each.place))}: {each.message}" for each in found.misfits)
        raise HarnessError("\n".join(lines)) from None


def _excluded(experiment: Experiment) -> Iterator[Misfit]:
    """Every regularizer that cannot stand beside another that is there."""
    for name, regularizer in experiment.regularizers.items():
        for other in regularizer.excludes:
            if other in experiment.regularizers:
                fault = f"{name} cannot stand beside {other}; switch one of them off"
                yield Misfit(("regularizers", name), fault, at_key=True)


def _once_named(misfit: Misfit) -> Misfit:
    """Without the second name of a regularizer, which only its wrapping has."""
    match misfit.place:
        case ("regularizers", name, _, *rest):
            return misfit._replace(place=("regularizers", name, *rest))
    return misfit


@cache
def _adapter(cls: type[object]) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(cls)
    except (PydanticUserError, NameError, TypeError) as error:
        fault = " ".join(str(error).partition("\n")[0].split())
        raise PluginError(
            f"{cls.__module__}.{cls.__qualname__} cannot be checked: {fault}"
        ) from error
