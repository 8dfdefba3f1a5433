"""Signs that nothing was learned: each holds where it should, and not one step before."""

from __future__ import annotations

import math

import pytest

from harness.analysis import ScoredMetric
from harness.analysis.learning import (
    TrainingTrace,
    at_floor,
    no_better_than_chance,
    still_falling,
    writes_copies,
)

BLEU = ScoredMetric(name="bleu", higher_is_better=True, bounds=(0.0, 100.0))


@pytest.mark.parametrize(
    ("losses", "by_chance", "no_better"),
    [
        ((6.0, 5.2, 5.0), 5.0, True),
        ((6.0, 5.2, 4.99), 5.0, False),
        ((6.0, 4.9, 7.0), 5.0, False),  # it had learned, and overfitted
        ((6.0, 5.9), None, False),  # of an earlier version, which did not know
        ((), 5.0, False),
    ],
)
def test_a_loss_that_never_was_below_chance(
    losses: tuple[float, ...], by_chance: float | None, *, no_better: bool
) -> None:
    assert no_better_than_chance(TrainingTrace(losses=losses, by_chance=by_chance)) == no_better


@pytest.mark.parametrize(
    ("different", "expected", "copies"),
    [(1, 10, True), (2, 10, False), (20, 200, True), (21, 200, False), (1, 9, False)],
)
def test_copies_are_few_where_many_are_expected(
    different: int, expected: int, *, copies: bool
) -> None:
    assert writes_copies(TrainingTrace(losses=(), different=different, expected=expected)) == copies


@pytest.mark.parametrize(
    ("losses", "falling"),
    [
        ((6.0, 5.9, 5.8, 5.7, 5.6), True),
        ((6.0, 4.0, 3.0, 2.9, 2.89), False),
        ((6.0, 2.0, 2.5, 3.0, 3.5), False),  # rising
        ((6.0, 6.0), False),
        ((6.0, 5.0), True),
        ((6.0,), False),
        # A thousand evaluations: no one of them is a notable part of the way.
        (tuple(6 - n / 1000 for n in range(1000)), True),
    ],
)
def test_a_curve_still_falls_by_its_last_quarter(
    losses: tuple[float, ...], *, falling: bool
) -> None:
    assert still_falling(TrainingTrace(losses=losses)) == falling


def test_a_floor_is_next_to_the_worst_score_that_there_is() -> None:
    assert at_floor(2.0, metric=BLEU)
    assert not at_floor(2.1, metric=BLEU)
    error = ScoredMetric(name="error", higher_is_better=False, bounds=(0.0, 1.0))
    assert at_floor(0.99, metric=error)
    assert not at_floor(0.01, metric=error)
    for bounds, higher in (((0.0, math.inf), False), ((0.0, 1.0), None)):
        without = ScoredMetric(name="x", higher_is_better=higher, bounds=bounds)
        assert not at_floor(0.0, metric=without)
