"""Held against torch.optim.swa_utils.AveragedModel, and avg(2, 4, 9) = 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from harness.components import Averaging
from harness.contracts import Setting
from harness.errors import HarnessError
from harness_averagings.swa import SWA

Walk = list[dict[str, Tensor]]
Averages = Callable[[Averaging], list[Mapping[str, Tensor]]]


def torch_average(walk: Walk, *, updates: list[int]) -> dict[str, Tensor]:
    """The average by torch.optim.swa_utils of the weights after these updates."""
    model = nn.Module()
    model.a = nn.Linear(2, 3)
    averaged = AveragedModel(model)
    for update in updates:
        model.load_state_dict(walk[update - 1])
        averaged.update_parameters(model)
    return dict(averaged.module.state_dict())


@pytest.mark.parametrize(
    ("averaging", "updates"),
    [
        (SWA(start=0.0), list(range(1, 13))),
        (SWA(), [10, 11, 12]),
        (SWA(start=0.5, every=2), [8, 10, 12]),
        (SWA(start=0.5, every=4), [10]),
        (SWA(start=0.0, every=12), [12]),
    ],
)
def test_it_equals_torch_over_the_averaged_updates(
    walk: Walk, averages: Averages, averaging: SWA, updates: list[int]
) -> None:
    ours, theirs = averages(averaging)[-1], torch_average(walk, updates=updates)
    torch.testing.assert_close(dict(ours), theirs, rtol=1e-6, atol=1e-7)
    mean = torch.stack([walk[update - 1]["a.weight"] for update in updates]).mean(dim=0)
    torch.testing.assert_close(ours["a.weight"], mean, rtol=1e-6, atol=1e-6)


def test_the_mean_of_2_4_and_9_is_5() -> None:
    averager = SWA(start=0.0).build(Setting(seed=1, classes=11, d_model=8, updates=3))
    for update, value in enumerate((2.0, 4.0, 9.0), start=1):
        averager.update({"w": torch.tensor([value])}, update)
    average = averager.weights()
    assert average is not None
    assert average["w"].item() == 5.0


def test_there_is_no_average_before_the_start(averages: Averages) -> None:
    seen = averages(SWA(start=0.5, every=2))
    assert [average is None for average in seen] == [True] * 7 + [False] * 5


@pytest.mark.parametrize("after", [3, 9, 10, 11])
def test_resuming_from_a_checkpoint_changes_no_bit(
    averages: Averages, resumed: Callable[..., Mapping[str, Tensor]], after: int
) -> None:
    straight, again = averages(SWA())[-1], resumed(SWA(), after=after)
    assert all(torch.equal(straight[name], again[name]) for name in straight)


def test_a_budget_that_averages_nothing_is_an_error() -> None:
    setting = Setting(seed=1, classes=11, d_model=8, updates=100)
    SWA(start=0.75, every=25).build(setting)
    with pytest.raises(HarnessError, match="in the 25 updates .*; every must be .* got 26"):
        SWA(start=0.75, every=26).build(setting)


@pytest.mark.parametrize("options", ['{"start": 1.0}', '{"every": 0}', '{"rate": 0.1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SWA).validate_json(options)


@pytest.mark.parametrize(
    ("start", "updates", "mean"),
    [(0.29, 100, 65.0), (0.58, 50, 40.0), (0.57, 100, 79.0), (1e-05, 4, 2.5)],
)
def test_it_starts_at_the_share_as_it_is_written(start: float, updates: int, mean: float) -> None:
    averager = SWA(start=start).build(Setting(seed=1, classes=9, d_model=16, updates=updates))
    for update in range(1, updates + 1):
        averager.update({"w": torch.tensor([float(update)])}, update)
    averaged = averager.weights()
    assert averaged is not None
    assert averaged["w"].item() == pytest.approx(mean, rel=1e-5)
