"""Held against sequential sampling token by token, and the distribution of its samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy import stats

from harness.components import Decay
from harness.contracts import Batch, Prediction, Rate, Setting, Site
from harness.prediction import writable
from harness.streams import Noise
from harness_decoding_policies import (
    ParallelScheduledSampling,
    ScheduledSampling,
    TeacherForcing,
)
from harness_decoding_policies.mixtures import gumbel
from harness_decoding_policies.replacement import sample_replaced
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
NOISE = Noise(seed=1, update=3)
MakeModel = Callable[[], Transformer]


@dataclass(frozen=True, kw_only=True)
class Gold(Decay):
    """A constant share of gold tokens."""

    name = "gold"
    share: float

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.share


def _predict(
    share: float, model: object, batch: Batch, *, passes: int, noise: Noise | None = NOISE
) -> Prediction:
    policy = ParallelScheduledSampling(decay=Gold(share=share), passes=passes)
    return policy.build(SETTING)(model, batch, update=3, noise=noise)


def _drop(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
    return value * noise.keep(site.path, value.shape, 0.3) / 0.7


def _with_dropout(model: Transformer) -> Transformer:
    for site in model.sites.values():
        if site.kind in ("embedding", "residual"):
            site.fill(_drop)
    return model


@torch.no_grad()
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_as_many_passes_as_tokens_equal_sequential_sampling_even_with_dropout(
    share: float, transformer: MakeModel, batch: Batch
) -> None:
    model = _with_dropout(transformer())
    places = sample_replaced(batch, gold_share=share, noise=NOISE)
    gumbel_noise = torch.zeros(*places.shape, 12, dtype=torch.float64)
    gumbel_noise[places] = gumbel(gumbel_noise[places], noise=NOISE)
    read, first = batch.target_input.clone(), NOISE.of_pass("first")
    memory = model.encode(batch.source, noise=NOISE)
    for place in range(1, read.shape[1]):  # one token after another, each fed before the next
        hidden = model.decode(model.embed(read), memory, noise=first)[:, place - 1]
        drawn = (writable(model.project(hidden)) + gumbel_noise[:, place]).argmax(-1)
        read[:, place] = torch.where(places[:, place], drawn, read[:, place])
    hidden = model.decode(model.embed(read), memory, noise=NOISE)
    expected = model.project(hidden)[batch.real]

    enough = _predict(share, model, batch, passes=6)
    torch.testing.assert_close(enough.logits, expected, rtol=0, atol=1e-12)
    assert torch.equal(_predict(share, model, batch, passes=7).logits, enough.logits)
    few = _predict(share, model, batch, passes=1).logits
    assert share or not torch.equal(few, enough.logits)


@pytest.mark.parametrize("passes", [1, 2])
def test_pairs_of_tokens_have_the_distribution_of_sequential_samples(
    passes: int, successor: type
) -> None:
    count, model = 20_000, successor({})
    model._logits = 1.5 * torch.randn(12, 12, generator=torch.Generator().manual_seed(2))
    target = torch.tensor([[1, 4, 5, 2]] * count)
    batch = Batch(source=target[:, :1], target=target, tokens=3 * count)
    _predict(0.0, model, batch, passes=passes)
    pairs = np.bincount(model.read[-1][:, 1:] @ torch.tensor([12, 1]), minlength=144)
    observed = pairs.reshape(12, 12)[2:, 2:]
    law = model._logits[:, 2:].double().softmax(-1).numpy()
    second = law[2:] if passes == 2 else law[[4] * 10]  # after the sample, or after gold
    expected = count * law[1][:, None] * second
    assert stats.chisquare(observed.ravel(), expected.ravel()).pvalue > 1e-4


def test_one_pass_replaces_the_tokens_that_scheduled_sampling_replaces(
    successor: type, batch: Batch
) -> None:
    ours, theirs = successor({}), successor({})
    _predict(0.5, ours, batch, passes=1)
    policy = ScheduledSampling(decay=Gold(share=0.5), mixture="argmax")
    policy.build(SETTING)(theirs, batch, update=3, noise=NOISE)
    kept = theirs.read[-1] != 11  # the prediction of the model everywhere
    assert torch.equal(ours.read[-1][kept], batch.target_input[kept])
    assert ours.noises == theirs.noises


def test_with_gold_only_it_equals_teacher_forcing_bit_for_bit_with_dropout(
    transformer: MakeModel, batch: Batch
) -> None:
    model = _with_dropout(transformer())
    forced = TeacherForcing().build(SETTING)(model, batch, update=3, noise=NOISE)
    assert torch.equal(_predict(1.0, model, batch, passes=3).logits, forced.logits)
    assert not torch.equal(_predict(0.5, model, batch, passes=3).logits, forced.logits)


def test_bos_eos_and_padding_are_kept_and_without_noise_all_tokens_are_gold(
    successor: type, batch: Batch
) -> None:
    model = successor({})
    _predict(0.0, model, batch, passes=3)
    assert torch.equal(model.read[-1][~batch.real], batch.target_input[~batch.real])
    assert (model.read[-1][:, 0] == 1).all()
    assert len(model.read) == 4
    _predict(0.0, model, batch, passes=3, noise=None)
    assert torch.equal(model.read[-1], batch.target_input)
