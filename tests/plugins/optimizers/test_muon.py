"""Held against torch.optim.Muon and AdamW, and the singular values of the step."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support import optimizer_steps
from support.optimizer_steps import RATES, SETTING, normal, step
from torch import nn

from harness_optimizers.muon import Muon

CLASSES = SETTING.classes


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("scale", ["match_rms_adamw", "original"])
def test_matrices_are_stepped_by_torchs_muon_and_the_rest_by_its_adamw(
    dtype: torch.dtype, *, nesterov: bool, scale: Literal["match_rms_adamw", "original"]
) -> None:
    ours = Muon(momentum=0.8, nesterov=nesterov, scale=scale, weight_decay=0.3, adamw_rate=0.5)
    first, vector, second = (nn.Parameter(start) for start in normal(0, dtype=dtype))
    shared = {"lr": 1.0, "weight_decay": 0.3}
    muon = torch.optim.Muon(
        [first, second], momentum=0.8, nesterov=nesterov, adjust_lr_fn=scale, **shared
    )
    adamw = torch.optim.AdamW([vector], betas=ours.betas, eps=ours.eps, fused=True, **shared)
    # `train` has the second matrix in a group of half the rate.
    muon.param_groups[0]["params"] = [first]
    muon.add_param_group({"params": [second]})
    for update, rate in enumerate(RATES, start=1):
        gradients = normal(update, dtype=dtype)
        for weight, gradient in zip((first, vector, second), gradients, strict=True):
            weight.grad = gradient.clone()
        muon.param_groups[0]["lr"], muon.param_groups[1]["lr"] = rate, 0.5 * rate
        adamw.param_groups[0]["lr"] = 0.5 * rate
        muon.step()
        adamw.step()
    trained = optimizer_steps.train(ours, dtype=dtype)
    assert all(map(torch.equal, trained, (first, vector, second)))


@pytest.mark.parametrize("shape", [(6, 24), (24, 6), (12, 12)])
def test_all_singular_values_of_a_step_are_near_its_scale(shape: tuple[int, int]) -> None:
    weight = nn.Parameter(torch.zeros(shape))
    optimizer = Muon().build(SETTING)([{"params": [weight], "multiple": 1.0}])
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    assert np.linalg.cond(gradient.numpy()) > 2
    step(optimizer, [gradient], rate=1.0)
    of_step = np.linalg.svd(weight.detach().numpy(), compute_uv=False)
    in_scale = of_step / (0.2 * max(shape) ** 0.5)
    # About where the iteration leaves them, between 0.7 and 1.2 (Jordan et al. 2024).
    assert 0.6 < min(in_scale) <= max(in_scale) < 1.3
    # Downhill: against the gradient, along its own directions.
    left, _, right = np.linalg.svd(gradient.numpy(), full_matrices=False)
    assert np.all(np.diag(left.T @ weight.detach().numpy() @ right.T) < 0)


def _stepped_by_muon(shape: tuple[int, ...], name: str | None) -> bool:
    weight = nn.Parameter(torch.zeros(shape))
    named = {} if name is None else {"param_names": [name]}
    optimizer = Muon().build(SETTING)([{"params": [weight], "multiple": 1.0, **named}])
    step(optimizer, [torch.ones(shape)], rate=1.0)
    return "momentum_buffer" in optimizer.state[weight]


@pytest.mark.parametrize(
    "name",
    [
        "source_embedding.weight",
        "target_embedding.weight",
        "projection.weight",
        "projection.adapter.down",
        "positions.weight",
    ],
)
def test_embeddings_and_the_output_projection_are_no_matrices_by_name(name: str) -> None:
    assert not _stepped_by_muon((9, 8), name)


def test_a_matrix_in_a_layer_is_one_by_name_whatever_its_size() -> None:
    assert _stepped_by_muon((CLASSES, 8), "decoder.0.feed_forward.inner.weight")
    assert not _stepped_by_muon((CLASSES,), "decoder.0.feed_forward.inner.bias")


def test_without_a_name_the_target_vocabulary_tells() -> None:
    assert not _stepped_by_muon((CLASSES, 8), None)
    assert not _stepped_by_muon((CLASSES, 8), "head.weight")
    assert _stepped_by_muon((9, 8), None)
    assert not _stepped_by_muon((9,), None)


def test_resuming_from_a_checkpoint_changes_no_bit() -> None:
    optimizer_steps.assert_resumes_from_checkpoint(Muon())


def test_nothing_changes_without_a_rate_or_a_gradient() -> None:
    optimizer_steps.assert_requires_rate_and_gradient(Muon())


@pytest.mark.parametrize(
    "options",
    [
        '{"momentum": 1.0}',
        '{"iterations": 100}',
        '{"scale": "none"}',
        '{"adamw_rate": 0.0}',
        '{"weight_decay": -0.1}',
    ],
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Muon).validate_json(options)


def test_nesterov_without_momentum_has_no_effect() -> None:
    (fault,) = Muon(momentum=0.0, nesterov=False).ignored()
    assert fault.startswith("nesterov has no effect: without momentum")
    assert [*Muon(nesterov=False).ignored()] == []
