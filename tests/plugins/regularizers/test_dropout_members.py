"""Held against the mean probability of networks that were thinned by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment, weights

from harness.contracts import Site
from harness.model import Ensemble
from harness.streams import Noise, kept_share
from harness.training.assembly import Assembly, assemble
from harness.training.batches import EncodedPairs
from harness.training.evaluation import evaluated, teacher_forced, translate
from harness.training.loop import train
from harness_models.transformer import Transformer
from harness_regularizers import Dropout, LoraDropout
from harness_regularizers.layer_drop import LayerDrop

RATES = {"decoder.0.feed_forward": 0.6, "attention.heads": 0.25, "encoder.residual": 0.0}
EXACT = replace(BUDGET, precision="float64")


def parts_with(**regularizers: object) -> Assembly:
    return assemble(experiment(regularizers=regularizers, budget=EXACT), seed=1)


def member(number: int) -> Noise:
    return Noise(seed=1, update=0, forward=f"member {number}", stream="members")


def thinned(number: int, *, rates: Mapping[str, float]) -> Assembly:
    """A model without dropout whose sites multiply by the mask of a member: one row of units."""
    parts = parts_with()
    units = {"d_model": 16, "d_ff": 32, "heads": 2, "head": 8}
    for path, site in parts.model.sites.items():
        rate = next((rates[name] for name in reversed(site.names) if name in rates), 0.0)
        if rate and site.kind != "attention.weights":
            shape = [units.get(name, 1) for name in site.layout.split()]
            site.alter(partial(_masked, kept=member(number).keep(path, shape, rate), rate=rate))
    return parts


def _masked(value: torch.Tensor, *, kept: torch.Tensor, rate: float) -> torch.Tensor:
    assert len(kept.shape) == len(value.shape)
    return value * kept / kept_share(rate)


def nats_by_hand(models: list[Transformer], pairs: EncodedPairs) -> list[float]:
    """Nats of every sentence under the models' mean probability, one sentence at a time."""
    nats = []
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        shares = []
        for model in models:
            hidden = model.decode(model.embed(target[None, :-1]), model.encode(source[None]))
            shares.append(model.project(hidden)[0].softmax(-1))
        mean = torch.stack(shares).mean(0)
        nats.append(-mean.gather(-1, target[1:, None]).log().sum().item())
    return nats


USUAL = dict.fromkeys(("embedding", "attention.weights", "feed_forward", "residual"), 0.4)


@torch.no_grad()
def test_scores_are_of_the_mean_probability_of_networks_thinned_by_hand() -> None:
    parts = parts_with(dropout=Dropout(rate=0.4, rates=RATES, members=3))
    pairs = parts.task.validation
    models = [thinned(number, rates=USUAL | RATES).model for number in range(3)]
    expected = nats_by_hand(models, pairs)
    assert teacher_forced(parts, pairs=pairs).by_sentence[0] == pytest.approx(expected, rel=1e-9)
    one = nats_by_hand([parts.model], pairs)
    assert sum(one) != pytest.approx(sum(expected), rel=1e-3), "the whole network is another"
    assert sum(nats_by_hand(models[:1], pairs)) != pytest.approx(sum(expected), rel=1e-3)


@torch.no_grad()
def test_translations_are_those_of_the_mean_probability() -> None:
    """Step by step with a cache, as greedy decoding goes, and over whole prefixes by hand."""
    parts = parts_with(dropout=Dropout(rate=0.4, members=3))
    models = [thinned(number, rates=USUAL).model for number in range(3)]
    source = parts.task.validation.sources[0][None]
    with evaluated(parts) as model:
        assert isinstance(model, Ensemble)
        cache = model.start(model.encode(source))
        read = torch.tensor([[1]])
        for token in (5, 4, 7, 6):
            logs = model.project(model.step(read[:, -1], cache)).log_softmax(-1)
            shares = [
                own.project(own.decode(own.embed(read), own.encode(source))[:, -1]).softmax(-1)
                for own in models
            ]
            torch.testing.assert_close(logs, torch.stack(shares).mean(0).log())
            read = torch.cat([read, torch.tensor([[token]])], 1)
    texts = translate(parts, pairs=parts.task.validation, of=parts.experiment.generation)
    plain = translate(parts_with(), pairs=parts.task.validation, of=parts.experiment.generation)
    assert texts != plain


@torch.no_grad()
def test_a_sentence_scores_the_same_alone_and_in_a_batch() -> None:
    parts = parts_with(dropout=Dropout(rate=0.4, rates=RATES, members=2))
    pairs = parts.task.validation
    nats = teacher_forced(parts, pairs=pairs).by_sentence[0]
    for row in range(len(pairs.targets)):
        one = EncodedPairs(pairs.sources[row : row + 1], pairs.targets[row : row + 1])
        alone = teacher_forced(parts, pairs=one)
        assert nats[row] == pytest.approx(alone.by_sentence[0][0], rel=1e-9)


def test_training_is_the_same_with_members_and_without() -> None:
    trained = []
    for members in (0, 3):
        dropout = Dropout(rate=0.3, members=members)
        parts = assemble(experiment(regularizers={"dropout": dropout}), seed=1)
        list(train(parts))
        trained.append(weights(parts))
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


@torch.no_grad()
def test_without_a_rate_there_are_no_members() -> None:
    parts = parts_with(dropout=Dropout(rate=0.0, members=4))
    with evaluated(parts) as model:
        assert model is parts.model


@torch.no_grad()
def test_other_noise_stays_out_of_members_and_other_members_join_in() -> None:
    dropout = Dropout(rate=0.4, members=2)
    alone, crowd = (
        parts_with(dropout=dropout),
        parts_with(dropout=dropout, layer_drop=LayerDrop(rate=0.5)),
    )
    pairs = alone.task.validation
    assert teacher_forced(crowd, pairs=pairs) == teacher_forced(alone, pairs=pairs)
    lora = LoraDropout(rate=0.4, members=3)
    both = parts_with(dropout=dropout, lora_dropout=lora)
    with evaluated(both) as model:
        assert model.encode(pairs.sources[0][None]).states.shape[-1] == 3 * 16


@pytest.mark.parametrize("kind", ["feature", "alpha", "feature_alpha"])
@torch.no_grad()
def test_kinds_that_drop_features_thin_the_same_units(kind) -> None:
    pairs = parts_with().task.validation
    parts = parts_with(dropout=Dropout(rate=0.4, kind=kind, members=1))
    site: Site = parts.model.sites["encoder.embedding"]
    value = torch.full((2, 3, 16), 7.0)
    kept = member(0).keep("encoder.embedding", (1, 1, 16), 0.4)
    changed = site(value, member(0))
    assert torch.equal(changed == changed[0, 0, kept[0, 0]][0], kept.expand(2, 3, 16))
    assert 0 < kept.sum() < 16
    assert math.isfinite(teacher_forced(parts, pairs=pairs).nll)


@pytest.mark.parametrize("kind", ["token", "token_alpha"])
def test_members_of_a_kind_that_drops_positions_are_refused(kind) -> None:
    with pytest.raises(ValueError, match=f"members: kind {kind} drops positions"):
        Dropout(rate=0.1, kind=kind, members=2)
    assert [*Dropout(members=2).ignored()] == [
        "members has no effect: no rate is above 0; remove it, or raise rate"
    ]
