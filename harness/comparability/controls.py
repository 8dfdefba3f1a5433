"""What a variant's choice drags along beside what it was meant to change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from harness.study.values import BASELINE, Controlled

# Shares of the baseline's value; what a clock measures is never twice the same.
_TOLERANCE = 0.01
_TOLERANCE_OF_TIME = 0.1
_FAR = 2.0  # from here on, a rate is another one
_COUNTED = 1e15  # what is larger is no count, and its digits are noise


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What a variant spends and is made of, whatever it was meant to change.

    `rate_area` is the sum of the schedule's rates over all updates, `target_tokens` what training
    sees of them, repetitions counted. Seconds are of training with its evaluations, and known only
    once something has run. None where it is not known.
    """

    peak_rate: float | None = None
    rate_area: float | None = None
    parameters: float | None = None
    trained_parameters: float | None = None
    target_tokens: float | None = None
    updates: float | None = None
    seconds_per_update: float | None = None
    seconds: float | None = None


class Unequal(NamedTuple):
    """A quantity that the study declares equal, and is not."""

    variant: str
    quantity: str
    message: str


def mean_controls(several: Sequence[Controls]) -> Controls:
    """Each quantity's mean over some runs; one that not all of them know is left out."""
    columns = {
        field.name: [getattr(each, field.name) for each in several] for field in fields(Controls)
    }
    means = {
        name: sum(values) / len(values) if values and None not in values else None
        for name, values in columns.items()
    }
    return Controls(**means)


def factor(controls: Mapping[str, Controls], *, variant: str, quantity: str) -> float | None:
    """A variant's quantity over the baseline's; None where that says nothing."""
    value = getattr(controls[variant], quantity) if variant in controls else None
    against = getattr(controls[BASELINE], quantity) if BASELINE in controls else None
    return value / against if value is not None and against else None


def unequal(
    controls: Mapping[str, Controls], *, declared: Sequence[Controlled]
) -> Iterator[Unequal]:
    """Every declared quantity in which a variant is off the baseline by more than 1%.

    Time may be off by 10%. What is not known of both is passed over.
    """
    for variant in controls:
        for quantity in declared:
            times = factor(controls, variant=variant, quantity=quantity)
            allowed = _TOLERANCE_OF_TIME if quantity == "seconds_per_update" else _TOLERANCE
            if times is None or abs(times - 1) <= allowed + 1e-9:
                continue
            ours = quantity_text(getattr(controls[variant], quantity))
            theirs = quantity_text(getattr(controls[BASELINE], quantity))
            message = (
                f"{_WORDS[quantity]} must stay equal (compare.must_stay_equal): "
                f"{variant!r} has {ours}, the baseline {theirs}"
            )
            yield Unequal(variant, quantity, message)


def unrelated_rates(controls: Mapping[str, Controls], *, scheduled: Sequence[str]) -> Iterator[str]:
    """A line for each variant of another schedule whose rates are far from the baseline's.

    `scheduled` are the variants that change the schedule. Far is twice as large, or half. Where
    peak and area are off by the same factor, the rate is what was meant to change: nothing is said.
    """
    for variant in scheduled:
        times = {
            name: factor(controls, variant=variant, quantity=quantity)
            for name, quantity in (("peak", "peak_rate"), ("area under it", "rate_area"))
        }
        far = [name for name, each in times.items() if each and not 1 / _FAR < each < _FAR]
        meant = times["peak"] and math.isclose(times["peak"], times["area under it"] or 0.0)
        if far and not meant:
            said = ", ".join(f"the {name} {each:.3g}" for name, each in times.items() if each)
            yield (
                f"{variant} changes the schedule and, with it, the learning rate itself: {said} "
                "times the baseline's; what it shows may be the rate's doing"
            )


def known_quantities(controls: Mapping[str, Controls]) -> list[str]:
    """The quantities that are known of some variant."""
    return [
        field.name
        for field in fields(Controls)
        if any(getattr(each, field.name) is not None for each in controls.values())
    ]


def relative_to_baseline(controls: Mapping[str, Controls], *, variant: str, quantity: str) -> str:
    """A variant's quantity and, in brackets, how many times the baseline's: ``=`` if the same."""
    value = getattr(controls[variant], quantity)
    if value is None:
        return "?"
    times = factor(controls, variant=variant, quantity=quantity)
    if variant == BASELINE or times is None:
        return quantity_text(value)
    return "=" if times == 1 else f"{quantity_text(value)} ({times:.3g})"


def quantity_text(value: float) -> str:
    """A quantity in a few digits: ``266,112``, ``0.0125``, ``8.2e-05``, ``1e+30``."""
    return f"{round(value):,}" if 1000 <= abs(value) < _COUNTED else f"{value:.4g}"


_WORDS: Mapping[str, str] = {field.name: field.name.replace("_", " ") for field in fields(Controls)}
