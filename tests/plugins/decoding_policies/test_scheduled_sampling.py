"""Held against batches computed by hand, binomial bounds, and teacher forcing bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from scipy import stats

from harness.components import Decay, DecodingPolicy
from harness.contracts import BOS, PAD, Batch, Prediction, Rate, Setting
from harness.streams import Noise
from harness_decays import Exponential, Linear
from harness_decoding_policies import ScheduledSampling, TeacherForcing
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
NOISE = Noise(seed=1, update=3)
MakeModel = Callable[[], Transformer]
# Never the gold token: what follows 1, 4, 7 and 5 in the batches is something else.
AFTER = {1: 6, 4: 8, 7: 9, 5: 4}


@dataclass(frozen=True, kw_only=True)
class Gold(Decay):
    """A constant share of gold tokens, from an update on."""

    name = "gold"
    share: float
    begin: int = 0

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.share if update >= self.begin else 1.0


def _predict(
    share: float, model: object, batch: Batch, noise: Noise | None = NOISE, mixture: str = "argmax"
) -> Prediction:
    policy = ScheduledSampling(decay=Gold(share=share), mixture=mixture)
    return policy.build(SETTING)(model, batch, update=3, noise=noise)


def _batch(*target: list[int]) -> Batch:
    rows = torch.tensor(target)
    source = torch.full((len(rows), 2), 4)
    return Batch(source=source, target=rows, tokens=int((rows[:, 1:] != PAD).sum()))


# --- the decoder's input --------------------------------------------------------------------------


def test_without_gold_each_position_reads_the_prediction_of_the_model(successor: type) -> None:
    model = successor(AFTER)
    _predict(0.0, model, _batch([1, 4, 7, 5, 2], [1, 5, 2, 0, 0]))
    first, second = model.read
    assert first.tolist() == [[1, 4, 7, 5], [1, 5, 2, 0]]  # gold
    # Position t has the prediction from the gold token at t - 1. In row two eos and pad stay.
    assert second.tolist() == [[1, 6, 8, 9], [1, 6, 2, 0]]


def test_the_prediction_is_that_of_the_second_pass_at_real_positions(successor: type) -> None:
    model, batch = successor(AFTER), _batch([1, 4, 7, 5, 2], [1, 5, 2, 0, 0])
    prediction = _predict(0.0, model, batch)
    read = torch.eye(12)[[1, 6, 8, 9, 1, 6]]
    assert torch.equal(prediction.hidden, read)
    assert torch.equal(prediction.logits, model.project(read))
    assert prediction.targets.tolist() == [4, 7, 5, 2, 5, 2]


@pytest.mark.parametrize("mixture", ["argmax", "sample"])
def test_padding_and_bos_are_never_predicted_as_replacements(mixture: str, successor: type) -> None:
    model = successor({1: PAD, 4: BOS, 5: PAD})
    _predict(0.0, model, _batch(*[[1, 4, 5, 4, 2]] * 50), mixture=mixture)
    assert (model.read[1][:, 1:] > BOS).all()


def test_gradients_equal_those_with_the_predicted_tokens_as_input(
    transformer: MakeModel, batch: Batch
) -> None:
    model = transformer()
    with torch.no_grad():
        memory = model.encode(batch.source)
        logits = model.project(model.decode(model.embed(batch.target_input), memory))
    mixed = batch.target_input.clone()
    for row, column in batch.real.nonzero().tolist():
        if column:
            mixed[row, column] = logits[row, column - 1, 2:].argmax() + 2
    assert not torch.equal(mixed, batch.target_input)

    expected = model.project(model.decode(model.embed(mixed), model.encode(batch.source)))
    prediction = _predict(0.0, model, batch)
    torch.testing.assert_close(prediction.logits, expected[batch.real], rtol=0, atol=1e-12)

    names, weights = zip(*model.named_parameters(), strict=True)
    ours = torch.autograd.grad(prediction.logits.logsumexp(-1).sum(), weights)
    theirs = torch.autograd.grad(expected[batch.real].logsumexp(-1).sum(), weights)
    for name, our, their in zip(names, ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-10, msg=name)


def test_sampled_tokens_follow_the_distribution_of_the_model(successor: type) -> None:
    model = successor({1: 6})
    _predict(0.0, model, _batch(*[[1, 4, 2]] * 20_000), mixture="sample")
    observed = torch.bincount(model.read[1][:, 1], minlength=12)[2:].double()
    logits = torch.zeros(10, dtype=torch.float64)
    logits[6 - 2] = 5.0
    expected = logits.softmax(0) * 20_000
    assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_sampled_tokens_depend_on_the_key_alone(successor: type) -> None:
    model, batch = successor({}), _batch(*[[1, 4, 5, 7, 2]] * 20)
    for noise in (NOISE, NOISE, Noise(seed=1, update=4)):
        torch.rand(3)
        _predict(0.0, model, batch, noise, mixture="sample")
    _, one, _, same, _, other = model.read
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


# --- the coins ------------------------------------------------------------------------------------


def _replaced(successor: type, share: float, batch: Batch, noise: Noise = NOISE) -> torch.Tensor:
    model = successor({})  # predicts 11, which no batch here contains
    _predict(share, model, batch, noise)
    return model.read[-1] == 11


@pytest.mark.parametrize("share", [0.1, 0.5, 0.75, 0.99])
def test_gold_tokens_are_kept_with_the_probability_of_the_decay(
    share: float, successor: type
) -> None:
    sentence = [1, *[4, 5, 6, 7] * 5, 2]
    replaced = _replaced(successor, share, _batch(*[sentence] * 500))
    assert not replaced[:, 0].any()
    low, high = stats.binom.interval(1 - 1e-6, 500 * 20, 1 - share)
    assert low <= replaced.sum().item() <= high


def test_coins_of_tokens_and_sentences_are_independent(successor: type) -> None:
    sentence = [1, *[4, 5, 6, 7] * 5, 2]
    coins = _replaced(successor, 0.5, _batch(*[sentence] * 500))[:, 1:].double()
    assert (coins.mean(0) - 0.5).abs().max() < 0.12  # 5 standard deviations of 500 coins
    between_places = torch.corrcoef(coins.T) - torch.eye(20)
    assert between_places.abs().max() < 0.25
    assert len({tuple(row) for row in coins.tolist()}) > 490


def test_updates_and_passes_have_different_coins(successor: type) -> None:
    batch = _batch(*[[1, 4, 5, 6, 7, 2]] * 20)
    noises = [NOISE, Noise(seed=1, update=4), NOISE.of_pass("pass 1"), Noise(seed=2, update=3)]
    replaced = [_replaced(successor, 0.5, batch, noise) for noise in noises]
    assert torch.equal(_replaced(successor, 0.5, batch), replaced[0])
    for number, one in enumerate(replaced):
        assert not any(torch.equal(one, other) for other in replaced[number + 1 :])


def test_a_lower_share_of_gold_replaces_a_superset(
    successor: type,
) -> None:
    batch = _batch(*[[1, 4, 5, 6, 7, 2]] * 50)
    few, many = (_replaced(successor, share, batch) for share in (0.8, 0.4))
    assert few.any()
    assert not (few & ~many).any()
    assert (many & ~few).any()


def test_bos_eos_and_padding_are_never_replaced(successor: type, batch: Batch) -> None:
    read = _replaced(successor, 0.0, batch)
    words = (batch.target_input > 2) & (batch.target_input != 11)
    untouched = (batch.target_input == BOS) | (batch.target_input == PAD)
    assert read[words].all()
    assert not read[untouched].any()
    assert not read[batch.target_input == 2].any()


# --- noise, passes and the decay ------------------------------------------------------------------


def test_the_first_pass_has_its_own_noise_and_the_source_is_encoded_once(
    successor: type,
) -> None:
    model = successor({})
    _predict(0.0, model, _batch([1, 4, 5, 2]))
    assert model.noises == [NOISE, NOISE.of_pass("first"), NOISE]


def test_one_pass_if_every_coin_shows_gold(successor: type) -> None:
    model = successor({})
    _predict(1.0, model, _batch([1, 4, 5, 2]))
    assert model.noises == [NOISE, NOISE]


def test_without_noise_all_tokens_are_gold(successor: type) -> None:
    model, batch = successor({}), _batch([1, 4, 5, 2])
    _predict(0.0, model, batch, None)
    assert [read.tolist() for read in model.read] == [batch.target_input.tolist()]


def test_the_share_of_gold_depends_on_the_update(successor: type) -> None:
    model, batch = successor({}), _batch([1, 4, 5, 2])
    predict = ScheduledSampling(decay=Gold(share=0.0, begin=4)).build(SETTING)
    for update in (3, 4):
        predict(model, batch, update=update, noise=Noise(seed=1, update=update))
    assert [read.tolist() for read in model.read] == [[[1, 4, 5]], [[1, 4, 5]], [[1, 11, 11]]]


# --- the decoding steps ---------------------------------------------------------------------------


def _kept(successor: type, *, decay: Decay, steps: Decay | None, count: int) -> torch.Tensor:
    """The number of gold tokens at every position of a sentence of twenty words."""
    batch = _batch(*[[1, *[4, 5, 6, 7] * 5, 2]] * count)
    model = successor({})
    predict = ScheduledSampling(decay=decay, steps=steps).build(SETTING)
    predict(model, batch, update=3, noise=NOISE)
    return (model.read[-1] != 11).sum(0)


def test_the_share_of_gold_at_each_position_follows_the_formula(successor: type) -> None:
    steps = Exponential(base=0.9)
    kept = _kept(successor, decay=Gold(share=0.8), steps=steps, count=2000)
    assert kept[0] == 2000  # bos
    for place in range(1, 21):
        low, high = stats.binom.interval(1 - 1e-6, 2000, 0.8 * 0.9**place)
        assert low <= kept[place].item() <= high
    # The sum over all positions distinguishes 0.9^t from an off-by-one 0.9^(t - 1).
    shares = [0.8 * 0.9**place for place in range(1, 21)]
    spread = sum(share * (1 - share) for share in shares) ** 0.5 * 2000**0.5
    assert abs(kept[1:].sum().item() - 2000 * sum(shares)) < 5 * spread < 0.05 * 2000 * sum(shares)


def test_the_first_token_is_step_1(successor: type) -> None:
    kept = _kept(successor, decay=Gold(share=1.0), steps=Linear(start=1.0, over=3), count=10)
    assert kept.tolist() == [10, 10, _between(kept[2]), *[0] * 18]


def _between(count: torch.Tensor) -> int:
    assert 0 < count < 10  # a half
    return int(count)


def test_constant_steps_of_1_change_no_coin(successor: type) -> None:
    plain, constant = (
        _kept(successor, decay=Gold(share=0.6), steps=steps, count=50)
        for steps in (None, Gold(share=1.0))
    )
    assert plain.tolist() == constant.tolist()


def _drop(value: torch.Tensor, site: object, noise: Noise) -> torch.Tensor:
    return value * noise.keep(site.path, value.shape, 0.3) / 0.7


def _trained(policy: DecodingPolicy, model: Transformer, batch: Batch) -> list[torch.Tensor]:
    """The logits of six updates with dropout on."""
    for site in model.sites.values():
        if site.kind in ("embedding", "attention.weights", "residual"):
            site.fill(_drop)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    predict, seen = policy.build(SETTING), []
    for update in range(1, 7):
        optimizer.zero_grad()
        prediction = predict(model, batch, update=update, noise=Noise(seed=1, update=update))
        torch.nn.functional.cross_entropy(prediction.logits, prediction.targets).backward()
        optimizer.step()
        seen.append(prediction.logits.detach())
    return seen


def test_with_gold_only_it_equals_teacher_forcing_bit_for_bit_with_dropout(
    transformer: MakeModel, batch: Batch
) -> None:
    forced = _trained(TeacherForcing(), transformer(), batch)
    ours = _trained(ScheduledSampling(decay=Gold(share=1.0)), transformer(), batch)
    assert all(map(torch.equal, ours, forced))
    assert not torch.equal(forced[0], forced[-1])


def test_it_equals_teacher_forcing_until_the_first_replacement(
    transformer: MakeModel, batch: Batch
) -> None:
    forced = _trained(TeacherForcing(), transformer(), batch)
    ours = _trained(ScheduledSampling(decay=Gold(share=0.0, begin=3)), transformer(), batch)
    equal = list(map(torch.equal, ours, forced))
    assert equal == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"mixture": "argmax", "temperature": 0.5}, "temperature: the mixture argmax does not"),
        ({"mixture": "sparsemax", "temperature": 2.0}, "temperature: the mixture sparsemax does"),
        ({"mixture": "softmax", "top_k": 3}, "top_k: the mixture softmax does not use it"),
        ({"steps": Linear()}, "steps: over is missing"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ScheduledSampling(decay=Linear(), **options)
