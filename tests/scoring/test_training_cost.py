"""Costs of training, from what a run records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness.analysis import RunResult
from harness.components.cost_metric import SecondsTo, TokensTo, UpdatesTo
from harness.contracts import Course, Design, Factorial, Measurement
from harness.loading import load
from harness.scoring.training_cost import (
    at_equal_cost,
    cost_ratios,
    costs_to_targets,
    training_course,
)
from harness.study.values import Comparison, Study

MEASURED = [
    Measurement(0, "validation", "nll", 6.0),
    Measurement(1, "train", "target_tokens", 30),
    Measurement(2, "train", "target_tokens", 10),
    Measurement(2, "validation", "nll", 4.0),
    Measurement(2, "validation", "perplexity", 54.6),
    Measurement(3, "train", "target_tokens", 20),
    Measurement(3, "validation", "nll", 3.0),
]
METRICS = [UpdatesTo(nll=3.5), TokensTo(nll=3.5), SecondsTo(nll=3.5)]


def test_a_course_adds_up_what_training_had_cost_at_each_evaluation() -> None:
    course = training_course(MEASURED, seconds_per_update=0.5)
    assert course.costs == {"updates": [0, 2, 3], "tokens": [0, 40, 60], "seconds": [0, 1, 1.5]}
    assert course.scores["nll"] == [6.0, 4.0, 3.0]
    assert course.scores["perplexity"] == [None, 54.6, None]  # those that overflow are left out
    assert costs_to_targets(course, metrics=METRICS) == {
        "updates_to": 2.5,
        "tokens_to": 50.0,
        "seconds_to": 1.25,
    }


def test_a_run_of_unknown_time_has_no_seconds_and_one_that_is_too_slow_no_costs() -> None:
    course = training_course(MEASURED, seconds_per_update=None)
    assert list(costs_to_targets(course, metrics=METRICS)) == ["updates_to", "tokens_to"]
    assert costs_to_targets(course, metrics=[UpdatesTo(nll=2.9)]) == {}


def timed(variant: str, *, seed: int, seconds: float, tokens: float = 100.0) -> RunResult:
    course = Course(
        costs={"updates": (0, 10), "tokens": (0, tokens), "seconds": (0, seconds)},
        scores={"nll": (6.0, 3.0)},
    )
    return RunResult(variant=variant, seed=seed, outcome="finished", course=course)


def test_a_ratio_of_costs_is_the_median_over_seeds() -> None:
    results = [timed("baseline", seed=seed, seconds=20) for seed in (1, 2, 3)]
    times = {1: 40, 2: 42, 3: 400}  # in the third, the machine had other work
    results += [timed("r_drop", seed=seed, seconds=times[seed]) for seed in times]
    assert cost_ratios(results, cost="seconds") == {"r_drop": 2.1}
    assert cost_ratios(results, cost="seconds", per_update=True) == {"r_drop": 2.1}
    assert cost_ratios(results, cost="tokens") == {"r_drop": 1.0}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The tiny study, which compares by nll."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return load(path)[0]


@pytest.mark.parametrize(
    ("seconds", "tokens", "names"),
    [
        (21, 100.5, []),
        (40, 100, ["nll_at_equal_seconds"]),
        (15, 100, ["nll_at_equal_seconds"]),
        (21, 110, ["nll_at_equal_tokens"]),
        (9, 100, []),  # mostly the start of the process
    ],
)
def test_variants_that_cost_the_same_are_not_compared_again(
    seconds: float, tokens: float, names: list[str], study: Study
) -> None:
    results = [
        timed("baseline", seed=1, seconds=20),
        timed("other", seed=1, seconds=seconds, tokens=tokens),
    ]
    found = [metric.name for metric in at_equal_cost(study, results=results)]
    assert found == names


def test_a_metric_that_is_not_measured_on_the_way_is_replaced_by_nll(study: Study) -> None:
    results = [timed("baseline", seed=1, seconds=20), timed("other", seed=1, seconds=40)]
    names = {
        primary: [
            metric.name
            for metric in at_equal_cost(
                replace(study, compare=Comparison(primary=primary)), results=results
            )
        ]
        for primary in ("bleu", "token_accuracy")
    }
    assert names == {
        "bleu": ["nll_at_equal_seconds"],
        "token_accuracy": ["token_accuracy_at_equal_seconds"],
    }


def test_effects_of_factors_are_not_compared_at_equal_cost(study: Study) -> None:
    results = [timed("baseline", seed=1, seconds=20), timed("other", seed=1, seconds=40)]
    crossed = replace(study, design=Design(factorial=Factorial(factors={}, cells={})))
    assert [*at_equal_cost(crossed, results=results)] == []
