"""Held against the expectation over all masks, head by head."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from support.regularized_model import NOISE, Recording, hidden_states, masks, regularize

from harness.contracts import Batch, Site
from harness_models.transformer import Transformer
from harness_regularizers import DropHead

MakeModel = Callable[[], Transformer]


def _drop(rate: float, value: torch.Tensor, model: Transformer) -> torch.Tensor:
    return regularize(DropHead(rate=rate), model).sites["encoder.0.self_attention.attention.heads"](
        value, NOISE
    )


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_whole_heads_are_dropped_and_the_rest_rescaled(rate: float, transformer: MakeModel) -> None:
    value = torch.rand(300, 4, 3, 2, dtype=torch.float64) + 1
    shares = _drop(rate, value, transformer()) / value
    torch.testing.assert_close(shares, shares[:, :, :1, :1].expand_as(shares))
    for share in shares[:, :, 0, 0]:
        left = share > 0
        torch.testing.assert_close(share[left], torch.full_like(share[left], 4 / left.sum()))
    patterns = {tuple((share > 0).tolist()) for share in shares[:, :, 0, 0]}
    assert len(patterns) > 4
    assert not any(sum(pattern) == 0 for pattern in patterns)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_the_expectation_over_all_masks_equals_the_unmasked_heads(
    heads: int, transformer: MakeModel
) -> None:
    rate = 0.25
    model = regularize(DropHead(rate=rate), transformer())
    site = model.sites["encoder.0.self_attention.attention.heads"]
    value = torch.rand(1, heads, 2, 2, dtype=torch.float64)
    expectation = torch.zeros_like(value)
    for mask in product([False, True], repeat=heads):

        class Given(Recording):
            def keep(self, *_: object, mask: tuple[bool, ...] = mask) -> torch.Tensor:
                return torch.tensor(mask).view(1, heads, 1, 1)

        likelihood = (1 - rate) ** sum(mask) * rate ** (heads - sum(mask))
        expectation += likelihood * site(value, Given(seed=1, update=1))
    torch.testing.assert_close(expectation, value, rtol=1e-14, atol=0)


def test_a_sentence_that_would_lose_every_head_keeps_all(
    transformer: MakeModel, batch: Batch
) -> None:
    value = torch.rand(200, 2, 3, 2, dtype=torch.float64)
    dropped = _drop(1 - 2**-16, value, transformer())
    assert torch.equal(dropped, value)
    assert hidden_states(regularize(DropHead(rate=0.999), transformer()), batch).isfinite().all()


def test_only_attention_heads_are_masked(transformer: MakeModel, batch: Batch) -> None:
    model = regularize(DropHead(rate=0.5), transformer())
    expected = [path for path, site in model.sites.items() if site.kind == "attention.heads"]
    drawn = masks(model, batch)
    assert sorted(drawn) == sorted(f"drop_head.{path}" for path in expected)
    assert {mask.shape for mask in drawn.values()} == {(4, 2, 1, 1)}


def test_masks_differ_from_those_of_dropout_at_the_same_site(transformer: MakeModel) -> None:
    path = "decoder.0.self_attention.attention.heads"
    shape = (64, 8, 1, 1)
    ours = NOISE.keep(f"drop_head.{path}", shape, 0.2)
    value = torch.ones(shape, dtype=torch.float64)
    site: Site = regularize(DropHead(rate=0.2), transformer()).sites[path]
    assert torch.equal(site(value, NOISE) > 0, ours)
    assert not torch.equal(NOISE.keep(path, shape, 0.2), ours)


def test_a_rate_of_zero_leaves_the_sites_empty(transformer: MakeModel) -> None:
    model = regularize(DropHead(rate=0.0), transformer())
    assert not any(site.perturbations for site in model.sites.values())
