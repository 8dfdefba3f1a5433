"""Held against torch's autograd, layer by layer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment, weights

from harness.streams import Noise
from harness.training.assembly import Assembly, assemble
from harness.training.gradient_norms import layer_of
from harness.training.loop import train
from harness_models import EncoderDecoder
from harness_regularizers import Dropout, Lora
from harness_regularizers.clip_norm import ClipNorm

MODEL = EncoderDecoder(d_model=16, d_ff=32, heads=2, encoder_layers=2, decoder_layers=1)
MEASURING = replace(BUDGET, gradient_norms=True, accumulation=2, precision="float64")
LAYERS = [
    *("source_embedding", "target_embedding", "encoder.0", "encoder.1", "encoder_norm"),
    *("decoder.0", "decoder_norm", "projection"),
]


def norms_of(parts: Assembly) -> dict[int, dict[str, float]]:
    """The measured norms of the layers by update, with that of all as ``all``."""
    norms: dict[int, dict[str, float]] = {}
    for update in train(parts):
        for row in update.measurements:
            if row.metric.startswith("gradient_norm"):
                layer = row.metric.removeprefix("gradient_norm").removeprefix(".") or "all"
                norms.setdefault(row.update, {})[layer] = row.value
    return norms


def by_autograd(parts: Assembly) -> dict[str, float]:
    """The norms at the first update of a training that has not begun."""
    batches = parts.order.batches()
    rows = [next(batches), next(batches)]
    window = [parts.task.train.batch(some, device="cpu") for some in rows]
    tokens = sum(batch.tokens for batch in window)
    loss: Any = 0.0
    for number, batch in enumerate(window):
        noise = Noise(seed=1, update=1, micro_batch=number)
        memory = parts.model.encode(batch.source, noise=noise)
        hidden = parts.model.decode(parts.model.embed(batch.target_input), memory, noise=noise)
        logits = parts.model.project(hidden[batch.real])
        loss = loss + parts.loss(logits, batch.target_next[batch.real]) / tokens
    named = {name: it for name, it in parts.model.named_parameters() if it.requires_grad}
    squares: dict[str, float] = {}
    for name, gradient in zip(named, torch.autograd.grad(loss, [*named.values()]), strict=True):
        layer = next(layer for layer in LAYERS if name.startswith(f"{layer}."))
        squares[layer] = squares.get(layer, 0.0) + gradient.square().sum().item()
    return {layer: math.sqrt(square) for layer, square in squares.items()}


@pytest.mark.parametrize(
    "regularizers",
    [{}, {"dropout": Dropout(rate=0.3), "clip_norm": ClipNorm(norm=0.01)}, {"lora": Lora(rank=2)}],
)
def test_norms_of_the_first_update_are_those_of_autograd(regularizers: dict[str, Any]) -> None:
    choices = experiment(model=MODEL, budget=MEASURING, regularizers=regularizers)
    expected = by_autograd(assemble(choices, seed=1))
    measured = norms_of(assemble(choices, seed=1))[1]
    of_all = measured.pop("all")
    assert measured == pytest.approx(expected, rel=1e-9)
    assert of_all == pytest.approx(math.hypot(*expected.values()), rel=1e-9)
    if "lora" not in regularizers:
        assert [*measured] == LAYERS


def test_they_are_measured_at_the_first_update_and_at_evaluations_only() -> None:
    norms = norms_of(assemble(experiment(budget=replace(BUDGET, gradient_norms=True)), seed=1))
    assert [update for update, layers in norms.items() if len(layers) > 1] == [1, 4, 8, 12]
    for layers in norms.values():
        of_all = layers.pop("all")
        assert not layers or of_all == pytest.approx(math.hypot(*layers.values()), rel=1e-5)


def test_measuring_changes_no_weight_and_no_other_measurement() -> None:
    trained, measured = [], []
    for measures in (False, True):
        budget = replace(BUDGET, gradient_norms=measures)
        parts = assemble(experiment(budget=budget), seed=1)
        rows = [row for update in train(parts) for row in update.measurements]
        measured.append([row for row in rows if not row.metric.startswith("gradient_norm.")])
        assert (len(rows) > len(measured[-1])) is measures
        trained.append(weights(parts))
    assert measured[0] == measured[1]
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


@pytest.mark.parametrize(
    ("parameter", "layer"),
    [
        ("encoder.11.self_attention.query.weight", "encoder.11"),
        ("decoder.0.feed_forward.inner.adapter.A", "decoder.0"),
        ("target_embedding.weight", "target_embedding"),
        ("encoder_norm.bias", "encoder_norm"),
    ],
)
def test_a_layer_is_the_part_of_a_stack_or_what_stands_beside_them(parameter, layer) -> None:
    assert layer_of(parameter) == layer
