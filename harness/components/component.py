"""The base of every named choice of a study: frozen options with a `build`."""

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema


@dataclass(frozen=True, kw_only=True)
class Component(ABC):
    """One named choice for a slot. Its fields are its options, written in YAML under its name.

    A slot has one abstract base in this package; a component is final, names itself with `name`,
    and may name in `bare` the option that a bare value fills (``dropout: 0.1``). The first line of
    its docstring is its summary. Options are checked strictly: unknown names, wrong types and NaN
    are faults with their place in the study. A base sets `changes_results` to False if its choices
    change neither weights nor scores; then no paper and no oracle is asked of its components.
    """

    __pydantic_config__: ClassVar[Any] = {
        "extra": "forbid",
        "strict": True,  # otherwise pydantic reads "3" as 3, and 1 as true
        "allow_inf_nan": False,
    }

    slot: ClassVar[str]
    hook: ClassVar[str]
    name: ClassVar[str]
    bare: ClassVar[str | None] = None
    noun: ClassVar[str | None] = None  # of a slot, in messages, if it is not that of its base
    unnamed: ClassVar[str | None] = None  # the component of a slot that bare options mean
    changes_results: ClassVar[bool] = True

    def ignored(self) -> Iterator[str]:
        """A fault for each option that the others leave without effect (`options.unused_options`).

        A study may not write one out, unless a sweep or tuning of another option passes through.
        """
        yield from ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, usual: GetCoreSchemaHandler) -> CoreSchema:
        """An option whose type is a slot's base takes any component of the slot, by name."""
        from pydantic_core import core_schema

        if not inspect.isabstract(cls):  # a component, which has options of its own to check
            return usual(source)
        return core_schema.with_info_plain_validator_function(cls._choose)

    @classmethod
    def _choose(cls, value: object, info: ValidationInfo) -> object:
        """The component that the validation in progress makes of a value."""
        choose: Callable[..., Component] = (info.context or {})["choose"]
        return choose(value, slot=cls.slot)
