"""Held against torch.optim.swa_utils, the sum of powers, and at decay 0 the last weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment, weights
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from harness.components import Averaging
from harness.contracts import Setting
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_averagings.ema import EMA

Walk = list[dict[str, Tensor]]
Averages = Callable[[Averaging], list[Mapping[str, Tensor]]]


def torch_averages(walk: Walk, *, decay: float) -> list[dict[str, Tensor]]:
    """The averages of torch.optim.swa_utils after every update."""
    model = nn.Module()
    model.a = nn.Linear(2, 3)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    seen = []
    for current in walk:
        model.load_state_dict(current)
        averaged.update_parameters(model)
        seen.append({name: weight.clone() for name, weight in averaged.module.state_dict().items()})
    return seen


@pytest.mark.parametrize("decay", [0.3, 0.9, 0.999])
def test_it_equals_torch(walk: Walk, averages: Averages, decay: float) -> None:
    for ours, theirs in zip(
        averages(EMA(decay=decay)), torch_averages(walk, decay=decay), strict=True
    ):
        torch.testing.assert_close(dict(ours), theirs, rtol=1e-6, atol=1e-7)


def test_it_equals_the_sum_of_powers_of_the_decay(walk: Walk, averages: Averages) -> None:
    shares = [0.8**11, *(0.2 * 0.8 ** (11 - place) for place in range(1, 12))]
    assert sum(shares) == pytest.approx(1)
    oracle = sum(s * weights["a.weight"].double() for s, weights in zip(shares, walk, strict=True))
    ours = averages(EMA(decay=0.8))[-1]["a.weight"]
    torch.testing.assert_close(ours.double(), oracle, rtol=1e-5, atol=1e-6)


def test_the_ramp_equals_tensorflow(walk: Walk, averages: Averages) -> None:
    average = walk[0]["a.bias"].double()
    for update, current in enumerate(walk[1:], start=2):
        decay = min(0.5, (1 + update) / (10 + update))
        average = decay * average + (1 - decay) * current["a.bias"].double()
    ours = averages(EMA(decay=0.5, ramp=True))[-1]["a.bias"]
    torch.testing.assert_close(ours.double(), average, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("ramp", [False, True])
@pytest.mark.parametrize(("start", "before"), [(0.0, 0), (0.25, 3), (0.29, 3), (0.99, 11)])
def test_it_starts_after_its_share_of_the_budget(
    walk: Walk, averages: Averages, *, start: float, before: int, ramp: bool
) -> None:
    seen = averages(EMA(decay=0.8, ramp=ramp, start=start))
    assert seen[:before] == [None] * before
    # As if the budget had begun there.
    average = walk[before]["a.bias"].double()
    for step, current in enumerate(walk[before + 1 :], start=2):
        decay = min(0.8, (1 + step) / (10 + step)) if ramp else 0.8
        average = decay * average + (1 - decay) * current["a.bias"].double()
    torch.testing.assert_close(seen[-1]["a.bias"].double(), average, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("averaging", "updates", "kept", "update"),
    [
        (EMA(), 300, 0.999**299, 1),
        (EMA(), 60, 0.999**59, 1),
        (EMA(decay=0.99, start=0.5), 300, 0.99**149, 151),
        (EMA(decay=0.9, ramp=True), 2, 3 / 12, 1),
    ],
)
def test_a_budget_that_keeps_the_beginning_is_cautioned(
    averaging: EMA, updates: int, kept: float, update: int
) -> None:
    # The share, by averaging ones that turn to zeros.
    averager = averaging.build(Setting(seed=1, classes=11, d_model=8, updates=updates))
    for number in range(1, updates + 1):
        averager.update({"w": torch.tensor(float(number <= update)).double()}, number)
    average = averager.weights()
    assert average is not None
    assert average["w"].item() == pytest.approx(kept)
    caution = averaging.caution(updates=updates)
    assert caution is not None
    assert f" keeps {kept:.0%} of the weights after update {update} to the end" in caution
    assert ("ramp: true" in caution) is not averaging.ramp


@pytest.mark.parametrize(
    ("averaging", "updates"),
    [
        (EMA(), 3000),  # .999^2999 is 4.98%
        (EMA(ramp=True), 300),
        (EMA(decay=0.9), 30),
        (EMA(), 1),
        (EMA(start=0.99), 20),
    ],
)
def test_a_budget_long_enough_is_not(averaging: EMA, updates: int) -> None:
    assert averaging.caution(updates=updates) is None


@given(values=st.lists(st.floats(allow_nan=False, width=32), min_size=1), ramp=st.booleans())
def test_decay_0_equals_the_last_weights_bit_for_bit(*, values: list[float], ramp: bool) -> None:
    averager = EMA(decay=0.0, ramp=ramp).build(
        Setting(seed=1, classes=11, d_model=8, updates=len(values))
    )
    for update, value in enumerate(values, start=1):
        averager.update({"w": torch.tensor([value])}, update)
        average = averager.weights()
        assert average is not None
        assert torch.equal(average["w"].view(torch.int32), torch.tensor([value]).view(torch.int32))


def test_decay_0_changes_no_bit_of_training_and_scores() -> None:
    runs = [
        assemble(experiment(averaging=averaging), seed=1) for averaging in (None, EMA(decay=0.0))
    ]
    plain, averaged = (list(train(run)) for run in runs)
    assert plain == averaged


def test_averaging_changes_scores_but_not_training() -> None:
    runs = [
        assemble(experiment(averaging=averaging), seed=1) for averaging in (None, EMA(decay=0.9))
    ]
    plain, averaged = (list(train(run)) for run in runs)
    one, other = (weights(run) for run in runs)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert plain[-1].measurements[:4] == averaged[-1].measurements[:4]
    assert plain[-1].measurements[4:] != averaged[-1].measurements[4:]


@pytest.mark.parametrize("after", [0, 1, 7])
@pytest.mark.parametrize("start", [0.0, 0.25])
def test_resuming_from_a_checkpoint_changes_no_bit(
    averages: Averages, resumed: Callable[..., Mapping[str, Tensor]], *, after: int, start: float
) -> None:
    averaging = EMA(decay=0.9, ramp=True, start=start)
    straight, again = averages(averaging)[-1], resumed(averaging, after=after)
    assert all(torch.equal(straight[name], again[name]) for name in straight)


def test_the_average_does_not_share_memory_with_the_weights(walk: Walk, averages: Averages) -> None:
    before = [{name: weight.clone() for name, weight in weights.items()} for weights in walk]
    averages(EMA(decay=0.5))
    for one, other in zip(walk, before, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("options", ['{"decay": 1.0}', '{"decay": -0.1}', '{"start": 3}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(EMA).validate_json(options)
