"""Components from plain data, every option checked; each fault has its path.

A component is written ``noam``, ``{noam: {warmup: 4}}``, ``{noam: null}`` or, where it names a
`bare` option, ``{dropout: 0.1}``. The catalog finds it by that one key; pydantic checks its
options.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeVar, cast

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from harness.components import SLOTS, Component
from harness.contracts import Vocabularies
from harness.errors import HarnessError, PluginError
from harness.loading.validation_errors import DataFault, InvalidData, explain
from harness.registry.catalog import Catalog
from harness.registry.option_types import option_types, shown, slot_noun, with_article
from harness.study.experiment import Experiment
from harness.study.model_size import SPECIAL_CLASSES, size_fault
from harness.study.values import BASELINE

Checked = TypeVar("Checked")

_SHORTEST = 2  # target tokens of a sentence, its end included


@dataclass(frozen=True)
class Checker:
    """Turns plain data into components; its methods raise `InvalidData`.

    `find_file` resolves the path of a text file as written to the one to open, `find_start` the
    name of a trained run to what identifies it, `find_model` the path of an exported model's folder
    to the one to read; each raises `ValueError` if there is none.
    """

    catalog: Catalog
    find_file: Callable[[str], str] | None = None
    find_start: Callable[[str], str] | None = None
    find_model: Callable[[str], str] | None = None

    def component(self, data: object, *, slot: str) -> Component:
        """The component that `data` names, with its options."""
        unnamed = self._unnamed(data, slot=slot)
        if unnamed:
            name, options = unnamed, data
        elif isinstance(data, str):
            name, options = data, None
        elif isinstance(data, Mapping) and len(data) == 1:
            ((name, options),) = data.items()
        else:
            noun = with_article(slot_noun(SLOTS[slot]))
            fault = f"{noun} must be a name or {{name: options}}, got {shown(data)}"
            raise InvalidData([DataFault((), fault)])
        try:
            component = self.catalog.find(name, slot=slot)
        except HarnessError as error:
            place = () if unnamed else (name,)
            raise InvalidData([DataFault(place, str(error), at_key=True)]) from None
        if options is None:
            options = {}
        elif not isinstance(options, Mapping) and component.bare is not None:
            options = {component.bare: options}
        try:
            return self.options(options, of=component, owner=slot if unnamed else name)
        except InvalidData as invalid:
            raise invalid if unnamed else invalid.under(name) from None

    def _unnamed(self, data: object, *, slot: str) -> str | None:
        """The component that bare options mean; None if `data` names one, or in another slot."""
        name, offered = SLOTS[slot].unnamed, self.catalog.offers[slot]
        if name is None or not isinstance(data, Mapping):
            return None
        known = option_types(offered[name][0].component) if name in offered else ()
        # Of a name that nothing has, a mapping below it shows that a component was meant.
        named = len(data) == 1 and all(
            key not in known and (key in offered or isinstance(value, Mapping | None))
            for key, value in data.items()
        )
        return None if named else name

    def options(self, data: object, *, of: type[Checked], owner: str) -> Checked:
        """The dataclass `of` with these options; `owner` is its name in messages."""
        if not isinstance(data, Mapping):
            fault = f"{owner} must be {{option: value}}, got {shown(data)}"
            raise InvalidData([DataFault((), fault)])
        context = {
            "choose": self.component,
            "find_file": self.find_file,
            "find_start": self.find_start,
            "find_model": self.find_model,
        }
        try:
            adapter = _adapter(cast("type", of))
            # As JSON: in strict mode, pydantic takes a list for a tuple only from there.
            checked: Checked = adapter.validate_json(json.dumps(data), context=context)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            faults = [explain(error, data=data, of=of, owner=owner) for error in errors]
            raise InvalidData([*chain.from_iterable(faults)]) from None
        except HarnessError as error:  # from a component's own check of its options
            raise InvalidData([DataFault((), str(error))]) from None
        return checked

    def experiment(self, data: object) -> Experiment:
        """All the choices of a variant; its regularizers, ``{name: options}``, in their order."""
        if isinstance(data, Mapping):
            regularizers = data.get("regularizers", {})
            if isinstance(regularizers, Mapping):
                # In the form of any component; `_unwrapped` takes the second name out of the
                # faults' paths.
                regularizers = {name: {name: regularizers[name]} for name in regularizers}
            data = {**data, "regularizers": regularizers}
        try:
            experiment = self.options(data, of=Experiment, owner=BASELINE)
        except InvalidData as invalid:
            raise InvalidData([_unwrapped(fault) for fault in invalid.faults]) from None
        faults = [*_excluded(experiment), *_oversized(experiment), *_too_small(experiment)]
        if faults:
            raise InvalidData(faults)
        return experiment


def experiment_from(
    data: object, *, catalog: Catalog, find_file: Callable[[str], str] | None = None
) -> Experiment:
    """The experiment that `resolved_experiment` wrote as data; raises `HarnessError`."""
    try:
        return Checker(catalog, find_file).experiment(data)
    except InvalidData as invalid:
        lines = (f"{'.'.join(map(str, fault.path))}: {fault.message}" for fault in invalid.faults)
        raise HarnessError("\n".join(lines)) from None


def _excluded(experiment: Experiment) -> Iterator[DataFault]:
    """Every regularizer that excludes another one of the same experiment."""
    for name, regularizer in experiment.regularizers.items():
        for other in regularizer.excludes:
            if other in experiment.regularizers:
                fault = f"{name} and {other} cannot be combined; turn one off"
                yield DataFault(("regularizers", name), fault, at_key=True)


def _oversized(experiment: Experiment) -> Iterator[DataFault]:
    """A model that no vocabulary makes small enough to be built."""
    fewest = Vocabularies(SPECIAL_CLASSES, SPECIAL_CLASSES)
    fault = size_fault(experiment.model, vocabularies=fewest)
    if fault:
        yield DataFault(("model",), fault)


def _too_small(experiment: Experiment) -> Iterator[DataFault]:
    """A batch that no sentence fits in, of whatever corpus."""
    size = experiment.budget.batch_tokens
    if size < _SHORTEST:
        fault = (
            f"batch_tokens must be at least {_SHORTEST}, got {size}; the shortest target sentence "
            "has a token and its end, and a batch must hold the longest"
        )
        yield DataFault(("budget", "batch_tokens"), fault)


def _unwrapped(fault: DataFault) -> DataFault:
    """The fault without the second name in its path, which `Checker.experiment` added."""
    match fault.path:
        case ("regularizers", name, _, *rest):
            return fault._replace(path=("regularizers", name, *rest))
    return fault


@cache
def _adapter(cls: type[object]) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(cls)
    except (PydanticUserError, NameError, TypeError) as error:
        fault = " ".join(str(error).partition("\n")[0].split())
        raise PluginError(
            f"options of {cls.__module__}.{cls.__qualname__} cannot be validated: {fault}"
        ) from error
