"""Held against a model without the layer, and binomial bounds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from scipy import stats
from support.regularized_model import NOISE, hidden_states, masks, regularize
from support.tiny_experiment import experiment, weights

from harness.components import Regularizer
from harness.contracts import Batch
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_averagings.ema import EMA
from harness_models.transformer import Transformer
from harness_regularizers import ClipNorm, GradientNoise, LayerDrop, Lora, RDrop, WeightDecay

MakeModel = Callable[[], Transformer]
LAYERS = ["encoder.0", "decoder.0", "decoder.1"]


def _without(model: Transformer, dropped: set[str]) -> Transformer:
    """The same model, built without some of its layers."""
    for side, layers in (("encoder", model.encoder), ("decoder", model.decoder)):
        kept = [layer for n, layer in enumerate(layers) if f"{side}.{n}" not in dropped]
        setattr(model, side, torch.nn.ModuleList(kept))
    return model


@pytest.mark.parametrize("kept", list(product([False, True], repeat=3)))
def test_skipping_a_layer_equals_a_model_without_it(
    kept: tuple[bool, ...], transformer: MakeModel, batch: Batch
) -> None:
    model = regularize(LayerDrop(rate=0.5), transformer())
    for update in range(1, 200):
        coins = masks(model, batch, update=update)
        if tuple(coins[f"layer_drop.{layer}.layer"].item() for layer in LAYERS) == kept:
            break
    else:
        pytest.fail("no update drops these layers")
    noise = type(NOISE)(seed=3, update=update)
    dropped = {layer for layer, stays in zip(LAYERS, kept, strict=True) if not stays}
    expected = hidden_states(_without(transformer(), dropped), batch, None)
    assert torch.equal(hidden_states(model, batch, noise), expected)


def test_a_layer_has_one_coin_per_pass_and_is_skipped_at_the_rate(
    transformer: MakeModel, batch: Batch
) -> None:
    model = regularize(LayerDrop(rate=0.3), transformer())
    drawn = [masks(model, batch, update=update) for update in range(1, 301)]
    assert {coin.numel() for coins in drawn for coin in coins.values()} == {1}
    for layer in LAYERS:
        skipped = sum(not coins[f"layer_drop.{layer}.layer"].item() for coins in drawn)
        assert stats.binomtest(skipped, 300, 0.3).pvalue > 1e-4
    assert len({tuple(coin.item() for coin in coins.values()) for coins in drawn}) == 8


def test_all_layers_are_used_in_evaluation(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(LayerDrop(rate=0.9), transformer())
    assert torch.equal(hidden_states(model, batch, None), hidden_states(transformer(), batch, None))


def test_a_skipped_layer_gets_no_gradient(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(LayerDrop(rate=0.9), transformer())
    coins = masks(model, batch)
    hidden_states(model, batch).sum().backward()
    for layer in LAYERS:
        name = f"{layer}.feed_forward.inner.weight"
        used = bool(coins[f"layer_drop.{layer}.layer"].item())
        assert (dict(model.named_parameters())[name].grad is not None) == used


def test_a_rate_of_zero_leaves_the_gates_empty(transformer: MakeModel) -> None:
    model = regularize(LayerDrop(rate=0.0), transformer())
    assert not any(site.perturbations for site in model.sites.values())


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"clip_norm": ClipNorm(), "gradient_noise": GradientNoise(eta=1.0)},
        {"weight_decay": WeightDecay(rate=1.0), "r_drop": RDrop()},
    ],
)
def test_an_update_that_skips_every_layer_with_an_adapter_changes_nothing(
    others: dict[str, Regularizer],
) -> None:
    regularizers = {"lora": Lora(), "layer_drop": LayerDrop(rate=0.8), **others}
    parts = assemble(experiment(regularizers=regularizers, averaging=EMA()), seed=1)
    before, without = weights(parts), 0
    for update in train(parts):
        after = weights(parts)
        values = {value.metric: value.value for value in update.measurements}
        if values.get("gradient_norm") == 0:
            without += 1
            assert all(torch.equal(weight, before[name]) for name, weight in after.items())
            assert values["loss"] > 0
        before = after
    assert 0 < without < 12
