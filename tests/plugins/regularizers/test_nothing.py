"""Properties of every regularizer: no effect at zero, and its own masks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from support.regularized_model import masks, regularize
from support.tiny_experiment import experiment, weights

from harness.components import Regularizer
from harness.contracts import Batch
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_models.transformer import Transformer
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

INACTIVE: list[Regularizer] = [
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
ACTIVE: list[Regularizer] = [
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
    others = {regularizer.name: regularizer for regularizer in regularizers}
    parts = assemble(experiment(regularizers={"dropout": Dropout(rate=0.1), **others}), seed=2)
    for update in train(parts):
        if update.number == 4:
            break
    return dict(weights(parts))


@pytest.fixture(scope="module")
def plain() -> dict[str, torch.Tensor]:
    return _trained()


@pytest.mark.parametrize("regularizer", INACTIVE, ids=lambda regularizer: f"{regularizer.name}")
def test_at_zero_a_regularizer_changes_no_bit_of_training(
    regularizer: Regularizer, plain: dict[str, torch.Tensor]
) -> None:
    trained = _trained(regularizer)
    assert all(torch.equal(weight, trained[name]) for name, weight in plain.items())


@pytest.mark.parametrize("regularizer", ACTIVE, ids=lambda regularizer: f"{regularizer.name}")
def test_above_zero_a_regularizer_changes_training_and_nothing_becomes_nan(
    regularizer: Regularizer, plain: dict[str, torch.Tensor]
) -> None:
    trained = _trained(regularizer)
    assert not all(torch.equal(weight, trained[name]) for name, weight in plain.items())
    assert all(weight.isfinite().all() for weight in trained.values())


def test_regularizers_at_the_same_site_draw_different_masks(
    transformer: Callable[[], Transformer], batch: Batch
) -> None:
    model = regularize(Dropout(rate=0.5, rates={"attention.heads": 0.5}), transformer())
    for regularizer in (DropHead(rate=0.5), DropKey(rate=0.5)):
        regularize(regularizer, model)
    perturbations = sum(len(site.perturbations) for site in model.sites.values())
    assert len(masks(model, batch)) == perturbations  # `Recording` raises on a repeated key
    assert max(len(site.perturbations) for site in model.sites.values()) == 2
