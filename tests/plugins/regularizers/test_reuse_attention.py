"""Held against the weights of the layer below times a layer's own values, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.regularized_model import NOISE, hidden_states, regularize
from support.tiny_experiment import experiment

from harness.contracts import Batch, Vocabularies
from harness.errors import HarnessError
from harness.training.assembly import assemble
from harness.training.evaluation import teacher_forced
from harness.training.loop import train
from harness.training.network import build_model
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_regularizers import Dropout, LayerDrop, ReuseAttention

MakeModel = Callable[[], Transformer]
SELF = ("encoder.self_attention", "decoder.self_attention")
ALL = (*SELF, "decoder.cross_attention")


@pytest.fixture
def deep() -> MakeModel:
    """Three layers a stack, in float64, far from uniform outputs."""

    def make() -> Transformer:
        options = EncoderDecoder(d_model=8, d_ff=16, heads=2, layers=3)
        model = Transformer(options, source_classes=12, target_classes=12).double()
        generator = torch.Generator().manual_seed(5)
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data += 0.5 * noise
        return model

    return make


def _attention_weights(
    model: Transformer, batch: Batch, noise: Any = None
) -> dict[str, torch.Tensor]:
    """The attention weights of every attention, before noise."""
    recorded: dict[str, torch.Tensor] = {}
    for name, site in model.sites.items():
        if site.kind == "attention.weights":
            path = name.removesuffix(".attention.weights")

            def record(weights: torch.Tensor, path: str = path) -> torch.Tensor:
                recorded[path] = weights
                return weights

            site.alter(record)
    hidden_states(model, batch, noise)
    return recorded


@pytest.mark.parametrize("noise", [None, NOISE], ids=["evaluation", "training"])
def test_a_layer_has_the_weights_of_the_layer_below_bit_for_bit(
    deep: MakeModel, batch: Batch, noise: Any
) -> None:
    plain = _attention_weights(deep(), batch)
    model = regularize(ReuseAttention(layers=(2,), attentions=ALL), deep())
    weights = _attention_weights(
        regularize(Dropout(rate=0.3, rates={"residual": 0.0}), model), batch, noise
    )
    for attention in ALL:
        stack, sublayer = attention.split(".")
        zero, one, two = (weights[f"{stack}.{number}.{sublayer}"] for number in range(3))
        assert torch.equal(two, one)
        assert not torch.allclose(one, zero)
        if noise is None and stack == "encoder":  # the decoder reads what has changed
            torch.testing.assert_close(one, plain[f"{stack}.1.{sublayer}"], rtol=0, atol=1e-12)
            own = plain[f"{stack}.2.{sublayer}"]
            assert not torch.allclose(two, own)


def test_reused_weights_are_passed_on_and_other_attentions_unchanged(
    deep: MakeModel, batch: Batch
) -> None:
    weights = _attention_weights(regularize(ReuseAttention(layers=(1, 2)), deep()), batch)
    for attention in SELF:
        stack, sublayer = attention.split(".")
        assert torch.equal(weights[f"{stack}.2.{sublayer}"], weights[f"{stack}.0.{sublayer}"])
    cross = [weights[f"decoder.{number}.cross_attention"] for number in range(3)]
    assert not torch.allclose(cross[1], cross[0])
    assert not torch.allclose(cross[2], cross[1])


def test_the_output_is_the_reused_weights_times_the_values_of_the_layer(
    deep: MakeModel, batch: Batch
) -> None:
    """The second layer of the encoder, computed by hand from the weights of the first."""
    model = regularize(ReuseAttention(layers=(1,)), deep())
    outputs: dict[int, torch.Tensor] = {}
    inputs: dict[int, torch.Tensor] = {}
    for number in (0, 1):
        attention = model.encoder[number].self_attention

        def record(
            _module: Any, args: Any, _kwargs: Any, output: torch.Tensor, number: int = number
        ) -> None:
            inputs[number], outputs[number] = args[0], output

        attention.register_forward_hook(record, with_kwargs=True)
    model.encode(batch.source)
    below, own = (model.encoder[number].self_attention for number in (0, 1))
    query, key = (part(inputs[0]).unflatten(-1, (2, 4)) for part in (below.query, below.key))
    scores = torch.einsum("nthc,nshc->nhts", query, key) / math.sqrt(4)
    hidden = (batch.source == 0)[:, None, None]
    weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
    value = own.value(inputs[1]).unflatten(-1, (2, 4))
    expected = own.output(torch.einsum("nhts,nshc->nthc", weights, value).flatten(2))
    torch.testing.assert_close(outputs[1], expected, rtol=0, atol=1e-12)


def test_training_and_evaluation_use_the_same_model(deep: MakeModel, batch: Batch) -> None:
    model = regularize(ReuseAttention(attentions=ALL), deep())
    assert torch.equal(hidden_states(model, batch, NOISE), hidden_states(model, batch, None))
    assert not torch.allclose(hidden_states(model, batch, None), hidden_states(deep(), batch, None))


def test_dropout_of_one_layer_does_not_affect_the_next(deep: MakeModel, batch: Batch) -> None:
    """Weights before noise stay equal to the bit, although noise changes those of both layers."""
    model = regularize(ReuseAttention(layers=(1,)), deep())
    seen: dict[str, torch.Tensor] = {}

    def record(value: torch.Tensor, site: Any, _noise: Any) -> torch.Tensor:
        seen[site.path] = value
        return value * 0.5

    for number in (0, 1):
        model.sites[f"encoder.{number}.self_attention.attention.weights"].fill(record)
    hidden_states(model, batch, NOISE)
    one, two = seen.values()
    assert torch.equal(one, two)


@torch.no_grad()
def test_cached_steps_equal_decoding_the_whole_sentence(deep: MakeModel, batch: Batch) -> None:
    model = regularize(ReuseAttention(layers=(1, 2), attentions=ALL), deep())
    memory = model.encode(batch.source)
    cache = model.start(memory)
    stepped = torch.stack([model.step(tokens, cache) for tokens in batch.target_input.T], 1)
    whole = model.decode(model.embed(batch.target_input), memory)
    torch.testing.assert_close(stepped, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("choice", [ReuseAttention(layers=()), ReuseAttention(attentions=())])
def test_without_layers_sites_are_empty(
    deep: MakeModel, batch: Batch, choice: ReuseAttention
) -> None:
    model = regularize(choice, deep())
    assert not any(site.active(None) for site in model.sites.values())
    assert torch.equal(hidden_states(model, batch, None), hidden_states(deep(), batch, None))


def test_a_layer_above_a_skipped_one_uses_its_own_weights(deep: MakeModel, batch: Batch) -> None:
    """Not those of another batch or pass, which would have another shape."""
    model = regularize(LayerDrop(rate=0.5), regularize(ReuseAttention(layers=(1, 2)), deep()))
    small = Batch(source=batch.source[:2, :2], target=batch.target[:2, :3], tokens=4)
    for update in range(6):
        noise = NOISE.of_pass(str(update))
        after = hidden_states(model, batch, noise)
        hidden_states(model, small, noise)
        fresh = regularize(LayerDrop(rate=0.5), regularize(ReuseAttention(layers=(1, 2)), deep()))
        assert torch.equal(hidden_states(fresh, batch, noise), after)


def test_queries_and_keys_of_these_layers_are_not_trained() -> None:
    model = EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=2)
    parts = assemble(
        experiment(model=model, regularizers={"reuse_attention": ReuseAttention()}), seed=1
    )
    before = teacher_forced(parts, pairs=parts.task.validation).nll
    updates = train(parts)
    next(updates)
    next(updates)
    untrained = {
        name for name, parameter in parts.model.named_parameters() if parameter.grad is None
    }
    assert untrained == {
        f"{stack}.1.self_attention.{matrix}.{part}"
        for stack in ("encoder", "decoder")
        for matrix in ("query", "key")
        for part in ("weight", "bias")
    }
    *_, _ = updates
    assert teacher_forced(parts, pairs=parts.task.validation).nll < before


def test_a_missing_layer_is_an_error(transformer: MakeModel) -> None:
    with pytest.raises(HarnessError, match="the encoder has no layer 1"):
        regularize(ReuseAttention(), transformer())


def test_a_stack_that_a_model_does_not_have_is_left_out() -> None:
    options = DecoderOnly(d_model=8, d_ff=16, heads=2, layers=2)
    model = build_model(options, vocabularies=Vocabularies(12, 12))
    regularize(ReuseAttention(), model)
    altered = {path for path, site in model.sites.items() if site.transforms}
    weights = {f"decoder.{layer}.self_attention.attention.weights" for layer in (0, 1)}
    assert altered == {"decoder.embedding", *weights}
    with pytest.raises(HarnessError, match="the encoder has no layer 1"):
        regularize(ReuseAttention(attentions=("encoder.self_attention",)), model)
