"""What holds for every regularizer: at zero it is none, and it draws masks of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from experiments import experiment, weights
from regularized import masks, put

from harness.components import Regularizer
from harness.contracts import Batch
from harness.model import Transformer
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_regularizers import (
    ConfidencePenalty,
    DropHead,
    DropKey,
    Dropout,
    GradientNoise,
    LayerDrop,
    RDrop,
    ReinitializeTop,
    ReuseAttention,
    WeightDecay,
)

NOTHING: list[Regularizer] = [
    DropHead(rate=0.0),
    DropKey(rate=0.0),
    LayerDrop(rate=0.0),
    RDrop(alpha=0.0),
    ConfidencePenalty(beta=0.0),
    WeightDecay(rate=0.0),
    WeightDecay(rate=0.0, kind="l2"),
    GradientNoise(eta=0.0),
    ReinitializeTop(layers=0),
    ReuseAttention(layers=()),
]
SOMETHING: list[Regularizer] = [
    DropHead(rate=0.4),
    DropKey(rate=0.4),
    LayerDrop(rate=0.4),
    RDrop(alpha=4.0),
    ConfidencePenalty(beta=0.4),
    WeightDecay(rate=0.4),
    GradientNoise(eta=0.4),
    ReinitializeTop(),
]


def _trained(*regularizers: Regularizer) -> dict[str, torch.Tensor]:
    """The weights after four updates with dropout on."""
    beside = {each.name: each for each in regularizers}
    parts = assemble(experiment(regularizers={"dropout": Dropout(rate=0.1), **beside}), seed=2)
    for update in train(parts):
        if update.number == 4:
            break
    return dict(weights(parts))


@pytest.fixture(scope="module")
def plain() -> dict[str, torch.Tensor]:
    return _trained()


@pytest.mark.parametrize("regularizer", NOTHING, ids=lambda each: f"{each.name}")
def test_at_zero_training_is_what_it_is_without_it_to_the_bit(
    regularizer: Regularizer, plain: dict[str, torch.Tensor]
) -> None:
    trained = _trained(regularizer)
    assert all(torch.equal(weight, trained[name]) for name, weight in plain.items())


@pytest.mark.parametrize("regularizer", SOMETHING, ids=lambda each: f"{each.name}")
def test_above_zero_it_is_not_and_nothing_becomes_nan(
    regularizer: Regularizer, plain: dict[str, torch.Tensor]
) -> None:
    trained = _trained(regularizer)
    assert not all(torch.equal(weight, trained[name]) for name, weight in plain.items())
    assert all(weight.isfinite().all() for weight in trained.values())


def test_regularizers_that_meet_at_a_site_draw_masks_of_their_own(
    transformer: Callable[[], Transformer], batch: Batch
) -> None:
    model = put(Dropout(rate=0.5, rates={"attention.heads": 0.5}), transformer())
    for each in (DropHead(rate=0.5), DropKey(rate=0.5)):
        put(each, model)
    effects = sum(len(site.perturbations) for site in model.sites.values())
    assert len(masks(model, batch)) == effects  # by key: `Recording` refuses one that comes twice
    assert max(len(site.perturbations) for site in model.sites.values()) == 2
