"""Held against transformers' GPT-2, by the spread of its weights, and the other initializer."""

from __future__ import annotations

import math

import pytest
import torch
from support.tiny_experiment import experiment

from harness import streams
from harness.contracts import Setting
from harness.training.assembly import assemble
from harness_initializers.normal import Normal
from harness_initializers.scaled_residuals import ScaledResiduals
from harness_initializers.xavier_uniform import XavierUniform

OUTPUTS = ("self_attention.output.weight", "cross_attention.output.weight")


def filled(shape: tuple[int, ...], *, name: str, layers: int) -> torch.Tensor:
    """A weight of GPT-2, which has two branches in each layer."""
    setting = Setting(seed=1, classes=9, d_model=64, updates=1, branches={"decoder": 2 * layers})
    initialize = ScaledResiduals(of=Normal(std=0.02)).build(setting)
    weight = torch.full(shape, math.nan)
    initialize(name, weight, lambda key: streams.generator(1, "init", key))
    return weight


def test_the_spread_of_every_matrix_is_that_of_gpt_2() -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=9, n_positions=9, n_embd=128, n_layer=8, n_head=4)
    layer = transformers.GPT2Model(config).h[3]
    for theirs, name in {
        layer.attn.c_proj: "self_attention.output",
        layer.mlp.c_fc: "feed_forward.inner",
        layer.mlp.c_proj: "feed_forward.outer",
    }.items():
        shape = tuple(theirs.weight.T.shape)
        ours = filled(shape, name=f"decoder.3.{name}.weight", layers=8)
        spread = theirs.weight.detach().std().item()
        assert math.isclose(ours.std().item(), spread, rel_tol=0.03)


def test_only_what_a_branch_ends_with_is_scaled_by_the_branches_of_its_own_stack() -> None:
    """A tiny model has a layer on each side: two branches in the encoder, three in the decoder."""
    plain = assemble(experiment(initializer=XavierUniform()), seed=1)
    scaled = assemble(experiment(initializer=ScaledResiduals(of=XavierUniform())), seed=1)
    weights = dict(plain.model.named_parameters())
    for name, weight in scaled.model.named_parameters():
        branches = 1
        if name.endswith((*OUTPUTS, "feed_forward.outer.weight")):
            branches = 3 if name.startswith("decoder.") else 2
        torch.testing.assert_close(weight, weights[name] / math.sqrt(branches), rtol=1e-6, atol=0)
