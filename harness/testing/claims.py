"""Claims about a component, raised with its name; equality to the bit; keyed randomness."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import TypeVar

import numpy as np
import torch

from harness.components import SLOTS, Component
from harness.contracts import Setting
from harness.registry.attribution import got_instead
from harness.registry.option_types import slot_noun
from harness.registry.serialization import resolved

Result = TypeVar("Result")


Checked = TypeVar("Checked", bound=Component)


def contract(check: Callable[[Checked], None]) -> Callable[[Checked], None]:
    """A check in which whatever the component raises is a claim that does not hold, too."""

    @wraps(check)
    def named(component: Checked) -> None:
        try:
            check(component)
        except Exception as error:
            of = _title(component)
            if isinstance(error, AssertionError) and str(error).startswith(f"{of}: "):
                raise
            line = " ".join(f"{type(error).__name__}: {error}".split())
            raise AssertionError(f"{of}: raised {line}") from error

    return named


def _title(component: object) -> str:
    """The slot and name of a component, or of what is given as one: ``loss focal``."""
    slot = getattr(component, "slot", None)
    name = getattr(component, "name", type(component).__name__)
    noun = slot_noun(SLOTS[slot]) if slot in SLOTS else "component"
    return f"{noun} {name}"


class Claims:
    """Claims about one component; the first that does not hold is raised with its name.

    Its options are checked at once: see `check_options`.
    """

    def __init__(self, component: Component, *, base: type[Component] | None = None) -> None:
        self._of = _title(component)
        if base is not None:
            kind = f"harness.components.{base.__name__}"
            self.that(isinstance(component, base), f"{type(component).__name__} is no {kind}")
        _claim_options(self, component=component)

    def that(self, holds: object, fault: str, /) -> None:
        """Raise `AssertionError` with `fault` unless it holds."""
        if not holds:
            raise AssertionError(f"{self._of}: {fault}")

    def builds(self, what: str, /, *, built: object, expected: type) -> None:
        """A value of the type that the slot builds, or with all that its protocol has."""
        got = got_instead(built, of=expected)
        self.that(isinstance(built, expected), f"must build {what}, {got}")

    def finite(self, value: torch.Tensor, *, what: str) -> None:
        """No NaN and no infinity anywhere."""
        bad = value[~torch.isfinite(value)].flatten().tolist()
        self.that(not bad, f"{what} must be finite, and contains {bad[:1]}")

    def shape(self, value: object, *, expected: tuple[int, ...], what: str) -> None:
        """A tensor of exactly this shape."""
        self.that(isinstance(value, torch.Tensor), f"{what} must be a tensor, got {value!r:.40}")
        actual = tuple(getattr(value, "shape", ()))
        self.that(actual == expected, f"{what} must have shape {expected}, got {actual}")

    def keyed(self, compute: Callable[[], Result], *, what: str) -> Result:
        """The result, the same to the bit twice, with every global generator left alone."""
        before = _global_states()
        first = compute()
        untouched = _global_states() == before
        self.that(untouched, f"{what} draws from a global generator; draw from a keyed one")
        self.that(same(first, compute()), f"{what} differs the second time")
        return first


def same(one: object, other: object) -> bool:
    """True if two results are equal to the bit, tensor by tensor; NaN is equal to NaN."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        alike = one.shape == other.shape and one.dtype == other.dtype
        # Not `torch.equal`, for which NaN differs from itself.
        return alike and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN is neither


def check_options(component: Component) -> None:
    """Check that options are frozen values that a study can write, and repeat no setting."""
    Claims(component)


def _claim_options(claims: Claims, *, component: Component) -> None:
    own = type(component)
    parameters = vars(own).get("__dataclass_params__")
    marked = parameters is not None and parameters.frozen
    claims.that(marked, f"{own.__name__} must be marked @dataclass(frozen=True, kw_only=True)")
    claims.that(isinstance(getattr(own, "name", None), str), "needs a name: name = 'like_this'")
    claims.that((own.__doc__ or "").strip(), "needs a docstring; its first line is the summary")
    options = {option.name for option in fields(component)}
    if "setting" in inspect.signature(own.build).parameters:  # type: ignore[attr-defined]  # each slot has its own
        repeated = sorted(options & {fact.name for fact in fields(Setting)})
        claims.that(not repeated, f"options {repeated} repeat facts of the setting")
    claims.that(own.bare is None or own.bare in options, f"`bare` is no option: {own.bare!r}")
    try:
        json.dumps(resolved(component))
    except TypeError as error:
        claims.that(False, str(error))  # noqa: FBT003 - a claim that does not hold


def _global_states() -> list[object]:
    """The states of torch and numpy; Python's own is advanced by type checks at run time."""
    state = np.random.get_state(legacy=False)  # noqa: NPY002 - it is the global one that is watched
    return [torch.get_rng_state().tolist(), repr(state)]
