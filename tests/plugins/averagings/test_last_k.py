"""Held against the plain mean of the checkpoints, by torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment
from torch import Tensor

from harness.components import Averaging
from harness.contracts import Setting
from harness.errors import HarnessError
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_averagings.last_k import LastK

Walk = list[dict[str, Tensor]]
Averages = Callable[[Averaging], list[Mapping[str, Tensor]]]


@pytest.mark.parametrize(
    ("every", "count", "updates"),
    [(1, 5, [8, 9, 10, 11, 12]), (3, 2, [9, 12]), (5, 3, [5, 10]), (12, 1, [12])],
)
def test_it_is_the_mean_of_the_last_checkpoints(
    walk: Walk, averages: Averages, every: int, count: int, updates: list[int]
) -> None:
    ours = averages(LastK(every=every, count=count))[-1]
    for name, weight in ours.items():
        oracle = sum(walk[update - 1][name].double() for update in updates) / len(updates)
        torch.testing.assert_close(weight.double(), oracle, rtol=1e-6, atol=1e-7)


def test_before_the_first_checkpoint_there_is_no_average(averages: Averages) -> None:
    seen = averages(LastK(every=3))
    assert [average is None for average in seen] == [True] * 2 + [False] * 10


def test_the_average_is_constant_between_checkpoints(averages: Averages) -> None:
    seen = averages(LastK(every=3, count=2))
    assert torch.equal(seen[5]["a.weight"], seen[7]["a.weight"])
    assert not torch.equal(seen[7]["a.weight"], seen[8]["a.weight"])


def test_one_checkpoint_every_update_equals_the_last_weights_bit_for_bit(
    walk: Walk, averages: Averages
) -> None:
    for ours, last in zip(averages(LastK(every=1, count=1)), walk, strict=True):
        assert all(torch.equal(ours[name], last[name]) for name in last)


def test_one_checkpoint_every_update_changes_no_bit_of_training_and_scores() -> None:
    choices = (None, LastK(every=1, count=1))
    plain, averaged = (
        list(train(assemble(experiment(averaging=averaging), seed=1))) for averaging in choices
    )
    assert plain == averaged


@pytest.mark.parametrize("after", [0, 2, 7, 11])
def test_resuming_from_a_checkpoint_changes_no_bit(
    averages: Averages, resumed: Callable[..., Mapping[str, Tensor]], after: int
) -> None:
    averaging = LastK(every=2, count=4)
    straight, again = averages(averaging)[-1], resumed(averaging, after=after)
    assert all(torch.equal(straight[name], again[name]) for name in straight)


def test_a_budget_without_a_checkpoint_is_an_error() -> None:
    setting = Setting(seed=1, classes=11, d_model=8, updates=100)
    LastK(every=100).build(setting)
    with pytest.raises(HarnessError, match="no checkpoint is taken in 100 updates.* got 101"):
        LastK(every=101).build(setting)


@pytest.mark.parametrize("options", ["{}", '{"every": 0}', '{"every": 1, "count": 0}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LastK).validate_json(options)
