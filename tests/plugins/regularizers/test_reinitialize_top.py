"""Held against the distribution of the draws, and the weights below bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from support.regularized_model import SETTING, regularize

from harness import streams
from harness.contracts import Vocabularies
from harness.errors import HarnessError
from harness.training.network import build_model
from harness_initializers.normal import Normal
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_regularizers import Lora, ReinitializeTop

MakeModel = Callable[[], Transformer]


@pytest.fixture
def wide() -> Transformer:
    """Three layers a stack, everything at 7."""
    options = EncoderDecoder(d_model=32, d_ff=128, heads=2, layers=3)
    model = Transformer(options, source_classes=9, target_classes=9)
    for parameter in model.parameters():
        parameter.data.fill_(7.0)
    return model


@pytest.mark.parametrize(
    ("choice", "tops"),
    [
        (ReinitializeTop(), ["decoder.2.", "decoder_norm."]),
        (ReinitializeTop(layers=2), ["decoder.1.", "decoder.2.", "decoder_norm."]),
        (ReinitializeTop(layers=0, encoder_layers=1), ["encoder.2.", "encoder_norm."]),
        (
            ReinitializeTop(layers=3, encoder_layers=1),
            ["decoder.", "decoder_norm.", "encoder.2.", "encoder_norm."],
        ),
        (ReinitializeTop(layers=0), []),
    ],
)
def test_only_the_top_layers_are_reinitialized(
    choice: ReinitializeTop, tops: list[str], wide: Transformer
) -> None:
    regularize(choice, wide)
    for name, parameter in wide.named_parameters():
        if not name.startswith(tuple(tops)):
            assert torch.equal(parameter, torch.full_like(parameter, 7.0)), name
        elif parameter.ndim == 1:
            expected = 1.0 if name.endswith("norm.weight") else 0.0
            assert torch.equal(parameter, torch.full_like(parameter, expected)), name
        else:
            count = parameter.numel()
            assert parameter.std().item() == pytest.approx(0.02, rel=6 / math.sqrt(2 * count))
            assert abs(parameter.mean().item()) < 6 * 0.02 / math.sqrt(count)


def test_draws_are_keyed_by_name_and_differ_from_the_initializer(wide: Transformer) -> None:
    regularize(ReinitializeTop(std=0.5), wide)
    drawn = {
        name: parameter.detach().clone()
        for name, parameter in wide.named_parameters()
        if name.startswith("decoder.2.") and parameter.ndim > 1
    }
    fill = Normal(std=0.5).build(SETTING)
    for name, parameter in wide.named_parameters():
        with torch.no_grad():
            fill(name, parameter, partial(streams.generator, 3, "init"))
    regularize(ReinitializeTop(layers=2, std=0.5), wide)
    now = dict(wide.named_parameters())
    assert all(torch.equal(now[name], weight) for name, weight in drawn.items())
    initial = wide.decoder[0].self_attention.query.weight
    assert not torch.equal(initial, now["decoder.2.self_attention.query.weight"])
    for name, weight in drawn.items():
        generator = streams.generator(3, "init", name)
        start = torch.empty_like(weight).normal_(std=0.5, generator=generator)
        correlation = torch.corrcoef(torch.stack([start.flatten(), weight.flatten()]))[0, 1]
        assert abs(correlation) < 6 / math.sqrt(weight.numel())


def test_adapters_are_kept(transformer: MakeModel) -> None:
    adapted, both = (regularize(Lora(), transformer()) for _ in range(2))
    regularize(ReinitializeTop(layers=2), both)
    expected = dict(adapted.named_parameters())
    reinitialized = dict(both.named_parameters())
    changed = {name for name in expected if not torch.equal(expected[name], reinitialized[name])}
    assert changed
    assert not [name for name in changed if ".adapter." in name]


def test_more_layers_than_the_model_has_is_an_error(transformer: MakeModel) -> None:
    with pytest.raises(HarnessError, match="the decoder has 2 layers, not 3"):
        regularize(ReinitializeTop(layers=3), transformer())
    with pytest.raises(HarnessError, match="the encoder has 1 layers, not 2"):
        regularize(ReinitializeTop(encoder_layers=2), transformer())
    one_stack = DecoderOnly(d_model=8, d_ff=16, heads=2, layers=2)
    model = build_model(one_stack, vocabularies=Vocabularies(12, 12))
    regularize(ReinitializeTop(layers=2), model)
    with pytest.raises(HarnessError, match="the encoder has 0 layers, not 1"):
        regularize(ReinitializeTop(encoder_layers=1), model)
