"""Held against copies of prototypes as in the article, and the bound of torch's linear layer."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from harness import streams
from harness.contracts import Setting
from harness_initializers.annotated_transformer import AnnotatedTransformer
from harness_initializers.xavier_uniform import XavierUniform
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

Initialized = Callable[..., dict[str, Tensor]]
D_MODEL, D_FF = 16, 64


def initial_parameters(
    tie: Literal["none", "target"] = "none",
    initializer: AnnotatedTransformer | XavierUniform | None = None,
) -> dict[str, Tensor]:
    """The parameters of a Transformer with two layers per stack."""
    options = EncoderDecoder(d_model=D_MODEL, d_ff=D_FF, heads=2, layers=2, tie=tie)
    model = Transformer(options, source_classes=30, target_classes=40)
    setting = Setting(seed=1, classes=40, d_model=D_MODEL, updates=10)
    initialize = (initializer or AnnotatedTransformer()).build(setting)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            initialize(name, parameter, partial(streams.generator, 3, "init"))
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def biases(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n: p for n, p in parameters.items() if n.endswith("bias") and "norm" not in n}


def test_everything_but_the_biases_equals_xavier_bit_for_bit() -> None:
    ours, xavier = initial_parameters(), initial_parameters(initializer=XavierUniform())
    same = {name for name in ours if torch.equal(ours[name], xavier[name])}
    assert set(ours) - same == set(biases(ours))


def prototype(name: str) -> str:
    """The prototype of a bias, by hand."""
    if "attention" in name:
        return "attention"
    return next(part for part in ("inner", "outer", "projection") if part in name)


def test_the_model_has_four_distinct_biases() -> None:
    groups: dict[str, list[Tensor]] = {}
    for name, bias in biases(initial_parameters()).items():
        groups.setdefault(prototype(name), []).append(bias)
    assert {name: len(copies) for name, copies in groups.items()} == {
        "attention": (2 + 2 * 2) * 4,
        "inner": 4,
        "outer": 4,
        "projection": 1,
    }
    for copies in groups.values():
        assert all(torch.equal(bias, copies[0]) for bias in copies)
    firsts = [copies[0][:16] for copies in groups.values()]
    assert len({tuple(first.tolist()) for first in firsts}) == 4


def test_copied_prototypes_have_as_many_distinct_biases() -> None:
    """Layers made in torch as the program makes them, with the same number of every kind."""

    def clones(module: nn.Module, count: int) -> nn.ModuleList:
        return nn.ModuleList([copy.deepcopy(module) for _ in range(count)])

    attention = clones(nn.Linear(D_MODEL, D_MODEL), 4)
    feed_forward = nn.ModuleList([nn.Linear(D_MODEL, D_FF), nn.Linear(D_FF, D_MODEL)])
    c = copy.deepcopy
    encoder = clones(nn.ModuleList([c(attention), c(feed_forward)]), 2)
    decoder = clones(nn.ModuleList([c(attention), c(attention), c(feed_forward)]), 2)
    model = nn.ModuleList([encoder, decoder, nn.Linear(D_MODEL, 40)])
    theirs = [
        parameter.detach() for name, parameter in model.named_parameters() if name.endswith("bias")
    ]
    ours = list(biases(initial_parameters()).values())
    assert len(theirs) == len(ours)
    assert len({tuple(bias.tolist()) for bias in theirs}) == 4
    assert len({tuple(bias.tolist()) for bias in ours}) == 4


@pytest.mark.parametrize(
    ("name", "matrix"),
    [("projection", (3000, 8)), ("encoder.0.feed_forward.outer", (3000, 256))],
)
def test_a_bias_has_the_bound_of_a_linear_layer_in_torch(
    initialized: Initialized, name: str, matrix: tuple[int, int]
) -> None:
    shapes = {f"{name}.weight": matrix, f"{name}.bias": matrix[:1]}
    values = initialized(AnnotatedTransformer(), shapes)[f"{name}.bias"]
    linear = nn.Linear(matrix[1], matrix[0]).bias.detach()
    bound = 1 / math.sqrt(matrix[1])
    for bias in (values, linear):
        assert 0.99 * bound < bias.abs().max() <= bound
        assert bias.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_the_bias_of_a_tied_projection_has_d_model_inputs() -> None:
    assert "projection.weight" not in initial_parameters("target")
    assert torch.equal(
        initial_parameters("target")["projection.bias"], initial_parameters()["projection.bias"]
    )


def test_another_layer_changes_no_bias(initialized: Initialized) -> None:
    one = {"encoder.0.feed_forward.inner.weight": (9, 4), "encoder.0.feed_forward.inner.bias": (9,)}
    two = one | {name.replace("0", "1"): shape for name, shape in one.items()}
    alone, both = (initialized(AnnotatedTransformer(), shapes) for shapes in (one, two))
    assert all(torch.equal(alone[name], both[name]) for name in alone)
