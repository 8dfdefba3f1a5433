"""Types for a component's options; each is checked with its bounds when a study is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Gt, Le, Lt

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema

FOLDER_DIGEST = "weights:"  # before the digest of a folder, and before that of no run

PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]
# Times that a step is repeated, or copies held at once; beyond this a run would not end.
Repeats = Annotated[int, Gt(0), Le(1000)]
OptionalRepeats = Annotated[int, Ge(0), Le(1000)]
ExtraTokens = Annotated[int, Ge(0), Le(10_000)]
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
Probability = Annotated[float, Ge(0), Le(1)]
ProbabilityBelowOne = Annotated[float, Ge(0), Lt(1)]


def count_of_share(share: float, *, of: int) -> int:
    """floor(share * of), with the share as a study writes it: 29 for 0.29 of 100, not 28.

    The float nearest to 0.29 is below it, and so is its product with 100.
    """
    # repr gives the shortest digits that stand for this float: as a rule, those of the study.
    return math.floor(Fraction(repr(float(share))) * of)


def unused_options(component: Any, *options: str, reason: str, instead: str) -> Iterator[str]:
    """A fault for each of these options that has another value than its default."""
    defaults = {option.name: option.default for option in fields(component)}
    for option in options:
        if getattr(component, option) != defaults[option]:
            yield f"{option} has no effect: {reason}; remove it, or {instead}"


class TextFile(str):
    """A file of raw lines: in a study a path, relative to the study's folder or absolute.

    A built component holds the absolute path; an identity holds the SHA-256 of the file's bytes,
    so that where a corpus lies is no part of what a run is. Raises a fault when there is no file.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(cls._find, core_schema.str_schema())

    @classmethod
    def _find(cls, name: str, info: ValidationInfo) -> TextFile:
        # Without a context, as where a plugin's test makes the component, a name stands for itself.
        find = (info.context or {}).get("find_file")
        return cls(find(name) if find else name)


class TrainedRun(str):
    """A run that must be trained first: in a study the name of an entry under `pretraining`.

    Where a run is carried out it holds the digest of that entry's run with the same seed, which is
    what an identity holds too; `build` gives it to ``setting.trained``, which has the model. Raises
    a fault when there is no such entry.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(cls._find, core_schema.str_schema())

    @classmethod
    def _find(cls, name: str, info: ValidationInfo) -> TrainedRun:
        find = (info.context or {}).get("find_start")
        return cls(find(name) if find else name)


class InitialWeights(TrainedRun):
    """A run to start from: the name of an entry under `pretraining`, or a folder of a model.

    The folder is one that ``harness export --weights`` wrote. A study writes it as a path with a
    slash (``./base``), relative to the study's folder or absolute, and an identity holds a digest
    of what is in it, so that changed weights make another run. Raises a fault where neither is.
    """

    @property
    def is_folder(self) -> bool:
        """True for a folder, be it by its path or by its digest."""
        return "/" in self or self.startswith(FOLDER_DIGEST)

    @classmethod
    def _find(cls, name: str, info: ValidationInfo) -> InitialWeights:
        key = "find_model" if cls(name).is_folder else "find_start"
        find = (info.context or {}).get(key)
        return cls(find(name) if find else name)
