from __future__ import annotations

from harness.comparability.controls import (
    Controls,
    confounded_schedules,
    mean_controls,
    quantity_text,
    unequal_quantities,
)

BASELINE = Controls(
    peak_rate=0.0125, rate_area=2.5, parameters=1000, target_tokens=9000, seconds_per_update=1.0
)


def test_what_is_declared_equal_may_be_off_by_a_hundredth() -> None:
    controls = {
        "baseline": BASELINE,
        "near": Controls(parameters=1010, target_tokens=8910, seconds_per_update=1.1),
        "wide": Controls(parameters=1011, seconds_per_update=1.11),
    }
    declared = ("parameters", "target_tokens", "seconds_per_update")
    assert list(unequal_quantities(controls, declared=declared)) == [
        (
            "wide",
            "parameters",
            (
                "parameters must stay equal (compare.must_stay_equal): "
                "'wide' has 1,011, the baseline 1,000"
            ),
        ),
        (
            "wide",
            "seconds_per_update",
            (
                "seconds per update must stay equal (compare.must_stay_equal): "
                "'wide' has 1.11, the baseline 1"
            ),
        ),
    ]
    assert list(unequal_quantities(controls, declared=("peak_rate",))) == []  # not known of either


def test_a_schedule_that_changes_the_rate_is_reported() -> None:
    controls = {
        "baseline": BASELINE,
        "same-area": Controls(peak_rate=0.0082, rate_area=2.5),
        "unrelated": Controls(peak_rate=0.001, rate_area=0.3),
        "sharp": Controls(peak_rate=0.025, rate_area=2.5),
        "rate": Controls(peak_rate=0.125, rate_area=25.0),
    }
    assert list(confounded_schedules(controls, variants=[*controls][1:])) == [
        (
            "unrelated changes the learning rate along with the schedule (peak rate 0.08, area "
            "under the schedule 0.12, as multiples of the baseline's); the rate may explain its "
            "effect"
        ),
        (
            "sharp changes the learning rate along with the schedule (peak rate 2, area under the "
            "schedule 1, as multiples of the baseline's); the rate may explain its effect"
        ),
    ]


def test_a_quantity_has_only_significant_digits() -> None:
    texts = [quantity_text(value) for value in (266_112, 0.0125, 8.2e-5, 1e30, -1234)]
    assert texts == ["266,112", "0.0125", "8.2e-05", "1e+30", "-1,234"]


def test_a_mean_needs_a_value_from_every_run() -> None:
    runs = [Controls(updates=10, seconds=1.0), Controls(updates=20)]
    assert mean_controls(runs) == Controls(updates=15)
    assert mean_controls([]) == Controls()
