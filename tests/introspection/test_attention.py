"""The oracle is attention written out from the parameters, for a layer whose input is known."""

from __future__ import annotations

import math

import pytest
import torch

from harness.components.sinusoidal import sinusoids
from harness.contracts import Setting
from harness.introspection.attention import attention
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_regularizers.drop_key import DropKey
from harness_regularizers.dropout import Dropout

HEADS, D_MODEL = 2, 8
SOURCE = torch.tensor([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
TARGET = torch.tensor([[1, 4, 5, 6], [1, 7, 0, 0]])


@pytest.fixture
def model() -> Transformer:
    """Post-norm, so that the first layer attends to its input as it is."""
    options = EncoderDecoder(d_model=D_MODEL, d_ff=16, heads=HEADS, layers=2, norm="post")
    model = Transformer(options, source_classes=10, target_classes=10).double()
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        parameter.data += torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return model


def by_hand(model: Transformer, place: str, states: torch.Tensor, *, sentence: int) -> torch.Tensor:
    """softmax(Q K^T / sqrt(d_head)) of a self-attention, before any mask: heads, from, at."""
    weights = dict(model.named_parameters())
    queries, keys = (
        (states[sentence] @ weights[f"{place}.{name}.weight"].T + weights[f"{place}.{name}.bias"])
        .unflatten(-1, (HEADS, -1))
        .transpose(0, 1)
        for name in ("query", "key")
    )
    return queries @ keys.transpose(1, 2) / math.sqrt(D_MODEL / HEADS)


def embedded(table: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return table[tokens] * math.sqrt(D_MODEL) + sinusoids(tokens.shape[1], d_model=D_MODEL)


def test_the_weights_are_those_of_the_equation(model: Transformer) -> None:
    seen = attention(model, SOURCE, target=TARGET)
    states = embedded(model.source_embedding.weight, SOURCE)
    scores = by_hand(model, "encoder.0.self_attention", states, sentence=0)
    torch.testing.assert_close(seen["encoder.0.self_attention"][0], scores.softmax(-1))
    short = by_hand(model, "encoder.0.self_attention", states, sentence=1)[:, :, :3].softmax(-1)
    torch.testing.assert_close(seen["encoder.0.self_attention"][1, :, :, :3], short)
    states = embedded(model.target_embedding.weight, TARGET)
    scores = by_hand(model, "decoder.0.self_attention", states, sentence=0)
    later = torch.ones(4, 4, dtype=torch.bool).triu(1)
    causal = scores.masked_fill(later, -math.inf).softmax(-1)
    torch.testing.assert_close(seen["decoder.0.self_attention"][0], causal)


def test_every_attention_is_there_and_every_query_shares_out_one(model: Transformer) -> None:
    seen = attention(model, SOURCE, target=TARGET)
    assert sorted(seen) == [
        f"{side}.{layer}.{name}"
        for side, layer, name in [
            ("decoder", 0, "cross_attention"),
            ("decoder", 0, "self_attention"),
            ("decoder", 1, "cross_attention"),
            ("decoder", 1, "self_attention"),
            ("encoder", 0, "self_attention"),
            ("encoder", 1, "self_attention"),
        ]
    ]
    for weights in seen.values():
        sums = weights.sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums))
    assert seen["decoder.1.cross_attention"].shape == (2, HEADS, 4, 5)
    assert not seen["decoder.1.cross_attention"][1, :, :, 3:].any()


def test_what_regularizers_put_into_sites_is_still_there_and_makes_no_noise(
    model: Transformer,
) -> None:
    plain = attention(model, SOURCE, target=TARGET)
    setting = Setting(seed=1, classes=10, d_model=D_MODEL, updates=1)
    for regularizer in (Dropout(rate=0.5), DropKey(rate=0.5)):
        fill = regularizer.build(setting).modify_model
        assert fill
        fill(model, generator=lambda key: torch.Generator())
    filled = {path: [*site.perturbations, *site.transforms] for path, site in model.sites.items()}
    noisy = attention(model, SOURCE, target=TARGET)
    for place, weights in plain.items():
        torch.testing.assert_close(noisy[place], weights, rtol=0, atol=0)
    after = {path: [*site.perturbations, *site.transforms] for path, site in model.sites.items()}
    assert after == filled


def test_weights_that_a_change_replaces_are_seen_replaced(model: Transformer) -> None:
    path = "encoder.1.self_attention.attention.weights"
    model.sites[path].alter(torch.zeros_like)
    seen = attention(model, SOURCE, target=TARGET)
    assert not seen["encoder.1.self_attention"].any()
