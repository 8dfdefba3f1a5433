from __future__ import annotations

from harness.comparability.controls import (
    Controls,
    mean_controls,
    quantity_text,
    unequal,
    unrelated_rates,
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
    assert list(unequal(controls, declared=declared)) == [
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
    assert list(unequal(controls, declared=("peak_rate",))) == []  # which nobody knows of them


def test_a_schedule_with_a_rate_of_its_own_is_told() -> None:
    controls = {
        "baseline": BASELINE,
        "same-area": Controls(peak_rate=0.0082, rate_area=2.5),
        "unrelated": Controls(peak_rate=0.001, rate_area=0.3),
        "sharp": Controls(peak_rate=0.025, rate_area=2.5),
        "rate": Controls(peak_rate=0.125, rate_area=25.0),
    }
    assert list(unrelated_rates(controls, scheduled=[*controls][1:])) == [
        (
            "unrelated changes the schedule and, with it, the learning rate itself: the peak 0.08, "
            "the area under it 0.12 times the baseline's; what it shows may be the rate's doing"
        ),
        (
            "sharp changes the schedule and, with it, the learning rate itself: the peak 2, "
            "the area under it 1 times the baseline's; what it shows may be the rate's doing"
        ),
    ]


def test_a_quantity_is_told_in_digits_that_mean_something() -> None:
    texts = [quantity_text(value) for value in (266_112, 0.0125, 8.2e-5, 1e30, -1234)]
    assert texts == ["266,112", "0.0125", "8.2e-05", "1e+30", "-1,234"]


def test_a_mean_is_of_what_all_runs_know() -> None:
    several = [Controls(updates=10, seconds=1.0), Controls(updates=20)]
    assert mean_controls(several) == Controls(updates=15)
    assert mean_controls([]) == Controls()
