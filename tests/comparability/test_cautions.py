from __future__ import annotations

from dataclasses import replace

import pytest
from support.predicted_study import predicted_of
from support.tiny_experiment import BUDGET, experiment

from harness.components import ParameterGroups
from harness_averagings.ema import EMA
from harness_parameter_groups.discriminative import Discriminative
from harness_parameter_groups.gradual_unfreezing import GradualUnfreezing
from harness_parameter_groups.layer_wise import LayerWise
from harness_regularizers.lora import Lora
from harness_regularizers.weight_decay import WeightDecay

DECAY = WeightDecay(rate=0.1)


def cautions(groups: ParameterGroups | None, **regularizers: object) -> tuple[str, ...]:
    return predicted_of(experiment(regularizers=regularizers, parameter_groups=groups)).cautions


def test_decoupled_decay_at_another_rate_than_a_groups_is_cautioned() -> None:
    (caution,) = cautions(Discriminative(divisor=2.0), weight_decay=DECAY)
    assert caution == (
        "weight_decay changes weights at the schedule's rate, whatever the multiple of their "
        "group in discriminative (decoder.0 0.5, encoder.0 0.25, source_embedding.weight 0.125); "
        "adamw's own decay follows the groups"
    )


def test_only_the_groups_that_train_at_another_rate_are_named() -> None:
    (caution,) = cautions(LayerWise(decay=0.5), weight_decay=DECAY, lora=Lora())
    assert "(encoder.0 0.5)" in caution


@pytest.mark.parametrize(
    ("groups", "decay"),
    [
        (None, DECAY),
        (LayerWise(decay=1.0), DECAY),
        (GradualUnfreezing(every=2), DECAY),  # a frozen layer does not decay
        (LayerWise(), WeightDecay(rate=0.1, kind="l2")),
        (LayerWise(), WeightDecay(rate=0.0)),
    ],
)
def test_decay_at_the_rate_of_every_group_is_not(
    groups: ParameterGroups | None, decay: WeightDecay
) -> None:
    assert cautions(groups, weight_decay=decay) == ()


def test_an_average_that_keeps_the_beginning_is_cautioned() -> None:
    budget = replace(BUDGET, updates=300)
    (caution,) = predicted_of(experiment(averaging=EMA(), budget=budget)).cautions
    assert caution == (
        "averaging ema with a decay of 0.999 keeps 74% of the weights after update 1 to the end "
        "of the budget, update 300; use a lower decay, or ramp: true"
    )
