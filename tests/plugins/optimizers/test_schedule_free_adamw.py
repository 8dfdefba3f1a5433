"""Held against the paper's algorithm in numpy, each gradient taken at y, and by hand."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps, tiny_experiment
from support.optimizer_steps import SETTING, Numbers
from torch import nn

from harness.components import Regularizer
from harness.contracts import Parameters, Regularization, Setting
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_optimizers.schedule_free_adamw import ScheduleFreeAdamW

BETAS, EPS, DECAY = (0.8, 0.95), 1e-3, 0.3
OPTIMIZER = ScheduleFreeAdamW(betas=BETAS, eps=EPS, weight_decay=DECAY)
RATES = [0.05 * min(1.0, update / 5) for update in range(1, 21)]
CURVATURE = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
LOWEST = np.array([1.0, -2.0, 0.5])


def by_hand(rates: Sequence[float]) -> list[tuple[Numbers, Numbers]]:
    """Algorithm 1 of Defazio et al. on a parabola: where gradients are taken, and x after."""
    x, z, v = np.zeros(3), np.zeros(3), np.zeros(3)
    total, steps = 0.0, []
    for t, rate in enumerate(rates, start=1):
        y = (1 - BETAS[0]) * z + BETAS[0] * x
        g = CURVATURE @ (y - LOWEST)
        v = BETAS[1] * v + (1 - BETAS[1]) * g**2
        gamma = rate * np.sqrt(1 - BETAS[1] ** t)
        z = z - gamma * g / (np.sqrt(v) + EPS) - gamma * DECAY * y
        total += gamma**2
        c = gamma**2 / total
        x = (1 - c) * x + c * z
        steps.append((y, x))
    return steps


def update(optimizer: torch.optim.Optimizer, weight: nn.Parameter, *, rate: float) -> Numbers:
    """One update on the parabola, as the training loop makes it; where the gradient was taken."""
    optimizer.zero_grad(set_to_none=True)
    seen = weight.detach().numpy().copy()
    away = weight - torch.from_numpy(LOWEST)
    (away @ torch.from_numpy(CURVATURE) @ away / 2).backward()
    optimizer.param_groups[0]["lr"] = rate
    optimizer.step()
    return seen


def test_twenty_updates_equal_those_of_the_paper() -> None:
    weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    optimizer = OPTIMIZER.build(SETTING)([{"params": [weight]}])
    for rate, (y, x) in zip(RATES, by_hand(RATES), strict=True):
        np.testing.assert_allclose(update(optimizer, weight, rate=rate), y, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(weight.detach().numpy(), x, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("after", [1, 7])
def test_resuming_between_updates_changes_no_bit(after: int) -> None:
    ends = []
    for interrupted in (False, True):
        weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
        optimizer = OPTIMIZER.build(SETTING)([{"params": [weight]}])
        for number, rate in enumerate(RATES):
            if interrupted and number == after:
                state = copy.deepcopy(optimizer.state_dict())
                weight = nn.Parameter(weight.detach().clone())
                optimizer = OPTIMIZER.build(SETTING)([{"params": [weight]}])
                optimizer.load_state_dict(state)
            update(optimizer, weight, rate=rate)
        ends.append(weight)
    assert torch.equal(*ends)


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    optimizer_steps.assert_resumes_from_checkpoint(OPTIMIZER)


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(ScheduleFreeAdamW())


def test_a_weight_that_loses_its_gradient_keeps_its_average() -> None:
    weight = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    optimizer = OPTIMIZER.build(SETTING)([{"params": [weight]}])
    for rate in RATES[:3]:
        update(optimizer, weight, rate=rate)
    average = weight.detach().clone()
    optimizer.zero_grad(set_to_none=True)
    assert not torch.equal(weight, average)
    optimizer.step()
    assert torch.equal(weight, average)


def test_what_a_regularizer_adds_to_the_weights_is_added_to_z() -> None:
    weight = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = ScheduleFreeAdamW().build(SETTING)([{"params": [weight], "multiple": 1.0}])
    nothing = [torch.zeros(2, dtype=torch.float64)]
    for added, average in (([1.0, 2.0], [1.0, 2.0]), ([0.0, 4.0], [1.0, 4.0])):
        optimizer.zero_grad()
        with torch.no_grad():
            weight.add_(torch.tensor(added, dtype=torch.float64))
        # Debiased rates of 1 both times, so that the second z has half of the average.
        count = 1 + optimizer.state[weight].get("step", 0)
        optimizer_steps.step(optimizer, nothing, rate=(1 - 0.999**count) ** -0.5)
        assert weight.tolist() == pytest.approx(average, rel=1e-12)


@dataclass(frozen=True, kw_only=True)
class Watch(Regularizer):
    """Keeps the weights that gradients were taken at."""

    name = "watch"
    seen: list[torch.Tensor] = field(default_factory=list)

    def build(self, setting: Setting) -> Regularization:
        def keep(parameters: Parameters, **_: object) -> None:
            self.seen.append(parameters["projection.weight"].detach().clone())

        return Regularization(modify_gradients=keep)


def test_in_training_gradients_are_taken_at_y_and_x_is_evaluated() -> None:
    watch = Watch()
    choices = tiny_experiment.experiment(
        optimizer=ScheduleFreeAdamW(), regularizers={"watch": watch}
    )
    parts = assemble(choices, seed=1)
    weight = dict(parts.model.named_parameters())["projection.weight"]
    taken = []
    for step in train(parts):
        z = parts.optimizer.state[weight].get("z", weight) if step.number else weight
        taken.append(z.detach() * 0.1 + weight.detach() * 0.9)
        assert weight.equal(z) == (step.number < 2)  # the first average is of one z
    assert len(watch.seen) == len(taken) - 1
    for seen, expected in zip(watch.seen, taken[:-1], strict=True):
        torch.testing.assert_close(seen, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "options", ['{"betas": [0.9, 1.0]}', '{"weight_decay": -0.1}', '{"eps": 0.0}', '{"lr": 0.1}']
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ScheduleFreeAdamW).validate_json(options)
