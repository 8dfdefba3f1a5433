"""Held against a softmax over the remaining keys, and binomial bounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from support.regularized_model import NOISE, hidden_states, masks, regularize

from harness.contracts import PAD, Batch, Site
from harness.streams import Noise
from harness_models.transformer import Transformer
from harness_regularizers import DropKey

MakeModel = Callable[[], Transformer]
CROSS = "decoder.0.cross_attention"


def _weights(
    model: Transformer, batch: Batch, *, rate: float
) -> dict[str, dict[str, torch.Tensor]]:
    """The scores before and the weights after the regularizer, by attention."""
    seen: dict[str, dict[str, torch.Tensor]] = {"scores": {}, "weights": {}}

    def record(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        place, kind = site.path.rsplit(".attention.", 1)
        seen[kind][place] = value.detach()
        return value

    for site in model.sites.values():
        if site.kind in ("attention.scores", "attention.weights"):
            site.fill(record)
    hidden_states(regularize(DropKey(rate=rate), model), batch)
    return seen


def _visible(place: str, batch: Batch, shape: torch.Size) -> torch.Tensor:
    if place.startswith("decoder") and "self" in place:
        return torch.ones(shape[-2:], dtype=torch.bool).tril().expand(shape)
    return (batch.source != PAD)[:, None, None].expand(shape)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.95])
def test_weights_are_a_softmax_over_the_remaining_keys(
    rate: float, transformer: MakeModel, batch: Batch
) -> None:
    model = transformer()
    seen = _weights(model, batch, rate=rate)
    drawn = masks(model, batch)
    lost_all = False
    for place, scores in seen["scores"].items():
        visible = _visible(place, batch, scores.shape)
        left = drawn[f"drop_key.{place}.attention.scores"] & visible
        none = ~left.any(-1, keepdim=True)
        lost_all |= bool(none.any())
        powers = torch.where(none, visible, scores.exp() * left)  # uniform if none is left
        expected = powers / powers.sum(-1, keepdim=True)
        torch.testing.assert_close(seen["weights"][place], expected, rtol=1e-9, atol=1e-12)
    assert len(seen["scores"]) == 5
    assert lost_all or rate < 0.5


def test_nothing_becomes_nan_if_every_key_is_masked(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(DropKey(rate=1 - 2**-16), transformer())
    hidden = hidden_states(model, batch)
    hidden.sum().backward()
    assert hidden.isfinite().all()
    assert all(
        parameter.grad is None or parameter.grad.isfinite().all()
        for parameter in model.parameters()
    )


def test_keys_are_masked_at_the_rate(transformer: MakeModel) -> None:
    site = regularize(DropKey(rate=0.3), transformer()).sites[f"{CROSS}.attention.scores"]
    hidden = site(torch.zeros(20, 2, 30, 30), NOISE)
    assert set(hidden.unique().tolist()) == {0.0, -math.inf}
    assert stats.binomtest(int((hidden < 0).sum()), hidden.numel(), 0.3).pvalue > 1e-4


def test_masks_are_not_shared_with_other_regularizers(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(DropKey(rate=0.5), transformer())
    assert all(key.startswith("drop_key.") for key in masks(model, batch))


def test_a_rate_of_zero_keeps_the_fused_path(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(DropKey(rate=0.0), transformer())
    assert not any(site.perturbations for site in model.sites.values())
    assert torch.equal(hidden_states(model, batch), hidden_states(transformer(), batch))
