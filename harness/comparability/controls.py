"""Controls: quantities that a variant may change as a side effect, such as its parameter count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from harness.contracts.records import TrainingOutcome, Usage
from harness.study.values import BASELINE, Controlled

# Relative to the baseline's value; wall time varies from run to run, so it may differ more.
_TOLERANCE = 0.01
_TOLERANCE_OF_TIME = 0.1
_RATE_RATIO = 2.0  # from this ratio on, the learning rate may explain a difference
_LARGEST_COUNT = 1e15  # beyond it a float holds no exact count, so its digits are noise


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The size and cost of a variant; None where a quantity is not known.

    `rate_area` is the sum of the schedule's rates over all updates, `target_tokens` the number seen
    in training, repetitions included. `decoder_passes` is the mean over the updates of how often
    the decoder computed each place of a batch; it is known only after a run, as are the seconds,
    which are of training with its evaluations, the peak memory in MiB, the share of time in which
    its GPU computed, and the share of its machine's matrix rate that its updates reached.
    """

    peak_rate: float | None = None
    rate_area: float | None = None
    parameters: float | None = None
    trained_parameters: float | None = None
    target_tokens: float | None = None
    updates: float | None = None
    decoder_passes: float | None = None
    seconds_per_update: float | None = None
    seconds: float | None = None
    peak_memory: float | None = None
    gpu_utilization: float | None = None
    flop_utilization: float | None = None


class UnequalQuantity(NamedTuple):
    """A quantity that the study declares equal, and that differs from the baseline's."""

    variant: str
    quantity: str
    message: str


def measured_cost(outcome: TrainingOutcome) -> dict[str, float | None]:
    """The quantities of a run's `Controls` that are measured: its time, and what it used."""
    pace, usage = outcome.seconds_per_update, outcome.usage or Usage()
    return {
        "seconds_per_update": pace,
        "seconds": pace and outcome.updates and pace * outcome.updates,  # of all processes
        "peak_memory": usage.peak_memory and usage.peak_memory / 2**20,
        "gpu_utilization": usage.utilization,
        "flop_utilization": usage.flop_utilization,
    }


def mean_controls(runs: Sequence[Controls]) -> Controls:
    """The mean of every quantity over some runs; None if it is not known of all of them."""
    columns = {field.name: [getattr(run, field.name) for run in runs] for field in fields(Controls)}
    means = {
        name: sum(values) / len(values) if values and None not in values else None
        for name, values in columns.items()
    }
    return Controls(**means)


def ratio_to_baseline(
    controls: Mapping[str, Controls], *, variant: str, quantity: str
) -> float | None:
    """A variant's quantity divided by the baseline's; None if either is unknown or that is 0."""
    value = getattr(controls[variant], quantity) if variant in controls else None
    baseline = getattr(controls[BASELINE], quantity) if BASELINE in controls else None
    return value / baseline if value is not None and baseline else None


def unequal_quantities(
    controls: Mapping[str, Controls], *, declared: Sequence[Controlled]
) -> Iterator[UnequalQuantity]:
    """Every declared quantity in which a variant differs from the baseline by more than 1%.

    Time may differ by 10%. Quantities that are not known of both are skipped.
    """
    for variant in controls:
        for quantity in declared:
            ratio = ratio_to_baseline(controls, variant=variant, quantity=quantity)
            allowed = _TOLERANCE_OF_TIME if quantity == "seconds_per_update" else _TOLERANCE
            # 1.01 / 1 - 1 is a little above .01 in binary, and must pass.
            if ratio is None or abs(ratio - 1) <= allowed + 1e-9:
                continue
            value = quantity_text(getattr(controls[variant], quantity))
            baseline = quantity_text(getattr(controls[BASELINE], quantity))
            message = (
                f"{_QUANTITY_NAMES[quantity]} must stay equal (compare.must_stay_equal): "
                f"{variant!r} has {value}, the baseline {baseline}"
            )
            yield UnequalQuantity(variant, quantity, message)


def confounded_schedules(
    controls: Mapping[str, Controls], *, variants: Sequence[str]
) -> Iterator[str]:
    """A caution for each variant whose schedule also changes the learning rate itself.

    `variants` are those that change the schedule. A rate counts as changed if it is at least twice
    the baseline's, or at most half. If peak and area change by the same factor, the rate is what
    the variant was meant to change, and there is no caution.
    """
    quantities = {"peak rate": "peak_rate", "area under the schedule": "rate_area"}
    for variant in variants:
        ratios = {
            name: ratio_to_baseline(controls, variant=variant, quantity=quantity)
            for name, quantity in quantities.items()
        }
        far = [
            name
            for name, ratio in ratios.items()
            if ratio and not 1 / _RATE_RATIO < ratio < _RATE_RATIO
        ]
        peak, area = ratios.values()
        intended = peak and math.isclose(peak, area or 0.0)
        if far and not intended:
            text = ", ".join(f"{name} {ratio:.3g}" for name, ratio in ratios.items() if ratio)
            yield (
                f"{variant} changes the learning rate along with the schedule ({text}, as "
                "multiples of the baseline's); the rate may explain its effect"
            )


def known_quantities(controls: Mapping[str, Controls]) -> list[str]:
    """The quantities that are known of at least one variant."""
    return [
        field.name
        for field in fields(Controls)
        if any(getattr(known, field.name) is not None for known in controls.values())
    ]


def relative_to_baseline(controls: Mapping[str, Controls], *, variant: str, quantity: str) -> str:
    """A variant's quantity, with its ratio to the baseline's in parentheses; ``=`` if equal."""
    value = getattr(controls[variant], quantity)
    if value is None:
        return "?"
    ratio = ratio_to_baseline(controls, variant=variant, quantity=quantity)
    if variant == BASELINE or ratio is None:
        return quantity_text(value)
    return "=" if ratio == 1 else f"{quantity_text(value)} ({ratio:.3g})"


def quantity_text(value: float) -> str:
    """A quantity in a few digits: ``266,112``, ``0.0125``, ``8.2e-05``, ``1e+30``."""
    return f"{round(value):,}" if 1000 <= abs(value) < _LARGEST_COUNT else f"{value:.4g}"


_QUANTITY_NAMES: Mapping[str, str] = {
    field.name: field.name.replace("_", " ") for field in fields(Controls)
}
