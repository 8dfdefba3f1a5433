from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment, sampled, weights

from harness import contracts
from harness.components import Loss, ParameterGroups, Regularizer
from harness.contracts import PAD, ParameterGroup, Prediction, Regularization, Setting
from harness.errors import HarnessError
from harness.streams import Noise
from harness.study.experiment import Experiment
from harness.training import evaluation, loop
from harness.training.assembly import Assembly, assemble
from harness.training.divergence import Diverged
from harness.training.loop import Update, train
from harness_decays.constant import Constant
from harness_decoding_policies.free_running import FreeRunning
from harness_decoding_policies.parallel_scheduled_sampling import ParallelScheduledSampling
from harness_decoding_policies.scheduled_sampling import ScheduledSampling
from harness_losses.label_smoothing import LabelSmoothing
from harness_regularizers.confidence_penalty import ConfidencePenalty
from harness_regularizers.dropout import Dropout
from harness_regularizers.lora_dropout import LoraDropout
from harness_regularizers.r_drop import RDrop

Convention = Literal["all", "others", "others_without_pad"]


def trained(choices: Experiment, *, seed: int = 1) -> Assembly:
    parts = assemble(choices, seed=seed)
    list(train(parts))
    return parts


def same(one: Assembly, other: Assembly) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[key], theirs[key]) for key in mine)


def test_training_spends_its_budget_and_yields_measurements() -> None:
    updates = list(train(assemble(experiment(), seed=1)))
    assert [update.number for update in updates] == list(range(13))
    named = {(row.split, row.metric) for row in updates[4].measurements}
    assert named == {
        *(("train", name) for name in ("loss", "gradient_norm", "learning_rate")),
        *(("train", name) for name in ("target_tokens", "decoder_passes")),
        *(("validation", name) for name in ("nll", "perplexity", "token_accuracy")),
        ("validation", "bits_per_byte"),
    }
    assert {row.split for row in updates[5].measurements} == {"train"}


def test_no_updates_leave_the_initial_weights_and_one_evaluation() -> None:
    choices = experiment(budget=replace(BUDGET, updates=0))
    parts = assemble(choices, seed=1)
    (only,) = train(parts)
    assert only.number == 0
    assert {row.split for row in only.measurements} == {"validation"}
    assert only == next(train(assemble(experiment(), seed=1)))
    assert same(parts, assemble(choices, seed=1))


GOLD, OWN = Constant(probability=1.0), Constant(probability=0.0)


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, 1),
        ({"budget": replace(BUDGET, accumulation=3)}, 1),
        ({"regularizers": {"r_drop": RDrop()}}, 2),
        ({"regularizers": {"lora_dropout": LoraDropout(instances=3)}}, 3),
        ({"decoding_policy": ScheduledSampling(decay=OWN)}, 2),
        ({"decoding_policy": ScheduledSampling(decay=GOLD)}, 1),
        ({"decoding_policy": ParallelScheduledSampling(decay=OWN, passes=2)}, 3),
        ({"decoding_policy": ScheduledSampling(decay=OWN), "regularizers": {"r": RDrop()}}, 4),
    ],
)
def test_passes_of_the_decoder_are_counted(change: dict[str, Any], passes: int) -> None:
    measured = [
        row.value
        for update in train(assemble(experiment(**change), seed=1))
        for row in update.measurements
        if row.metric == "decoder_passes"
    ]
    assert measured == [passes] * BUDGET.updates


def test_a_decoding_token_by_token_is_one_more_pass() -> None:
    parts = assemble(experiment(decoding_policy=FreeRunning()), seed=1)
    (batch,) = [parts.task.train.batch(rows, device="cpu") for rows in parts.order.epoch(0)[:1]]
    _, update, *_ = train(parts)
    places = batch.target_input.shape[1]  # the last token needs no reading
    (passes,) = [row.value for row in update.measurements if row.metric == "decoder_passes"]
    assert passes == pytest.approx((places + places - 1) / places)


def test_training_learns() -> None:
    budget = replace(BUDGET, updates=60, evaluate_every=60)
    first, *_, last = train(assemble(experiment(budget=budget), seed=1))
    nll = {row.metric: row.value for row in last.measurements if row.split == "validation"}
    before = {row.metric: row.value for row in first.measurements}
    assert nll["nll"] < before["nll"] - 0.5


def test_the_same_seed_gives_the_same_bits_and_another_gives_others() -> None:
    assert same(trained(experiment()), trained(experiment()))
    assert not same(trained(experiment()), trained(experiment(), seed=2))


def test_evaluating_more_often_changes_no_weight() -> None:
    often = experiment(budget=replace(BUDGET, evaluate_every=1))
    assert same(trained(experiment()), trained(often))


VARIANTS = {
    "no dropout": {"regularizers": {}},
    "another rate": {"regularizers": {"dropout": Dropout(rate=0.4)}},
    "scheduled sampling": {"decoding_policy": sampled(0.5, 0.5)},
}


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_variants_of_a_seed_share_initial_weights_and_batches(change: dict[str, object]) -> None:
    baseline, variant = assemble(experiment(), seed=3), assemble(experiment(**change), seed=3)
    assert baseline.initial_weights == variant.initial_weights
    assert all(baseline.order.digest(e) == variant.order.digest(e) for e in range(3))
    assert not same(trained(experiment(), seed=3), trained(experiment(**change), seed=3))


def test_a_deeper_model_shares_the_weights_that_both_have() -> None:
    shallow = assemble(experiment(), seed=3).initial_weights
    options = replace(experiment().model, encoder_layers=2)
    deep = assemble(experiment(model=options), seed=3).initial_weights
    assert shallow.items() < deep.items()


def test_a_replicate_shares_weights_and_nothing_else() -> None:
    one, other = assemble(experiment(), seed=3), assemble(experiment(replicate=1), seed=3)
    assert one.initial_weights == other.initial_weights
    assert one.order.digest(0) != other.order.digest(0)


def test_epsilon_1_is_teacher_forcing_to_the_bit_with_dropout_on() -> None:
    assert same(trained(experiment()), trained(experiment(decoding_policy=sampled(1.0, 1.0))))


def test_going_on_after_an_update_is_the_same_as_not_having_stopped() -> None:
    whole = assemble(experiment(), seed=1)
    kept = {}
    for update in train(whole):
        if update.number == 5:
            kept = {"weights": weights(whole), "optimizer": whole.optimizer.state_dict()}
            kept["optimizer"] = torch.load(_saved(kept["optimizer"]), weights_only=True)
    resumed = assemble(experiment(), seed=1)
    evaluation.load_weights(resumed.model, weights=kept["weights"])
    resumed.optimizer.load_state_dict(kept["optimizer"])
    updates = list(train(resumed, after=5))
    assert updates[0].number == 6
    assert same(whole, resumed)


def _saved(value: object) -> object:
    import io

    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return file


@pytest.mark.parametrize("regularizers", [{}, {"confidence_penalty": ConfidencePenalty(beta=0.5)}])
def test_accumulation_is_exact(regularizers: Mapping[str, Regularizer]) -> None:
    """Four small batches are one large one: the sum over the window by the window's tokens."""
    plain = experiment(
        regularizers=regularizers,
        budget=replace(BUDGET, updates=1, batch_tokens=1000, precision="float64"),
    )
    whole = assemble(plain, seed=1)
    batches = len(
        assemble(replace(plain, budget=replace(plain.budget, batch_tokens=60)), seed=1).order.epoch(
            0
        )
    )
    budget = replace(plain.budget, batch_tokens=60, accumulation=batches)
    parts = assemble(replace(plain, budget=budget), seed=1)
    _first_gradients(whole)
    _first_gradients(parts)
    for one, other in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=0, atol=1e-14)


def _first_gradients(parts: Assembly) -> None:
    window = next(loop._windows(parts, skip=0))
    loop._step(parts, window=window, update=1)


def test_the_objective_is_the_mean_loss_per_token_in_nats() -> None:
    """By hand, from logits: no noise, no smoothing, one batch."""
    from harness_losses.cross_entropy import CrossEntropy

    choices = experiment(regularizers={}, loss=CrossEntropy())
    parts = assemble(choices, seed=1)
    batch = next(loop._windows(parts, skip=0))[0]
    total = 0.0
    for row in range(len(batch.target)):
        memory = parts.model.encode(batch.source[row : row + 1])
        hidden = parts.model.decode(parts.model.embed(batch.target_input[row : row + 1]), memory)
        likelihood = parts.model.project(hidden)[0].softmax(-1).detach()
        for place, token in enumerate(batch.target_next[row].tolist()):
            total -= math.log(likelihood[place, token]) if token else 0.0
    loss = loop._step(parts, window=[batch], update=1)[0].value
    assert loss == pytest.approx(total / int((batch.target_next != 0).sum()), abs=1e-5)


@pytest.mark.parametrize("convention", ["all", "others", "others_without_pad"])
def test_padding_adds_nothing_to_the_objective_of_a_smoothed_loss(convention: Convention) -> None:
    choices = experiment(
        regularizers={"confidence_penalty": ConfidencePenalty(beta=0.5)},
        loss=LabelSmoothing(smoothing=0.3, convention=convention),
        budget=replace(BUDGET, precision="float64"),
    )
    parts = assemble(choices, seed=1)
    batch = next(loop._windows(parts, skip=0))[0]
    pad = partial(torch.nn.functional.pad, value=PAD)
    padded = replace(batch, source=pad(batch.source, (0, 7)), target=pad(batch.target, (0, 9)))
    narrow, wide = (
        loop.objective(parts, batch=one, noise=parts.noise(1)) for one in (batch, padded)
    )
    torch.testing.assert_close(wide, narrow, rtol=1e-12, atol=0)


@dataclass(frozen=True, kw_only=True)
class Apart(Regularizer):
    """The gap between two passes, recorded and without weight."""

    name = "apart"
    seen: list[float]

    def build(self, setting: Setting) -> Regularization:
        def penalty(predictions: Sequence[Prediction]) -> torch.Tensor:
            one, other = predictions
            gap = (one.logits - other.logits).abs().sum()
            self.seen.append(gap.item())
            return gap * 0.0

        return Regularization(passes=2, penalty=penalty)


def test_passes_have_masks_of_their_own_and_the_first_keeps_its_own() -> None:
    seen: list[float] = []
    both = {"dropout": Dropout(rate=0.1), "apart": Apart(seen=seen)}
    parts = assemble(experiment(regularizers=both), seed=1)
    list(train(parts))
    assert len(seen) == 12
    assert min(seen) > 0
    seen.clear()
    trained(experiment(regularizers={"apart": Apart(seen=seen)}))
    assert max(seen) == 0.0  # without noise both passes are one


@dataclass(frozen=True, kw_only=True)
class Broken(Loss):
    """Not finite from the third batch on, or of the wrong shape."""

    name = "broken"
    calls: list[int]
    summed: bool = True

    def build(self, setting: Setting) -> contracts.LossFunction:
        def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            self.calls.append(1)
            value = logits.sum(-1) * (math.nan if len(self.calls) > 2 else 1.0)
            return value.sum() if self.summed else value

        return loss


def test_a_run_that_diverges_stops_before_the_update() -> None:
    parts = assemble(experiment(loss=Broken(calls=[])), seed=1)
    made: list[Update] = []
    before = {}
    updates = train(parts)
    for _ in range(3):
        made.append(next(updates))
        before = weights(parts)
    with pytest.raises(Diverged, match="at update 3; the first that is not finite: loss broken,"):
        next(updates)
    assert [update.number for update in made] == [0, 1, 2]
    assert all(torch.equal(before[name], weight) for name, weight in weights(parts).items())


def test_a_loss_that_is_no_sum_is_named() -> None:
    parts = assemble(experiment(loss=Broken(calls=[], summed=False)), seed=1)
    with pytest.raises(HarnessError, match="loss broken: must return one summed number"):
        list(train(parts))


@dataclass(frozen=True, kw_only=True)
class Halves(ParameterGroups):
    """The decoder at half the rate, the encoder frozen for two updates."""

    name = "halves"

    def build(self, setting: Setting):
        def groups(names: Sequence[str]) -> list[ParameterGroup]:
            frozen = [name for name in names if name.startswith("encoder")]
            rest = [name for name in names if not name.startswith("encoder")]
            return [
                ParameterGroup(frozen, lambda update: 0.0 if update <= 2 else 1.0),
                ParameterGroup(rest, lambda update: 0.5),
            ]

        return groups


def test_groups_learn_at_their_own_rates_and_frozen_ones_do_not_move() -> None:
    parts = assemble(experiment(parameter_groups=Halves()), seed=1)
    start = weights(parts)
    for update in train(parts):
        moved = {
            name for name, weight in weights(parts).items() if not torch.equal(weight, start[name])
        }
        frozen = {name for name in moved if name.startswith("encoder")}
        assert bool(frozen) == (update.number > 2)
        if update.number:
            rates = [group["lr"] for group in parts.optimizer.param_groups]
            assert rates[1] == pytest.approx(0.5 * parts.rate(update.number))


def test_every_parameter_gets_a_gradient() -> None:
    parts = assemble(experiment(), seed=1)
    loop._step(parts, window=next(loop._windows(parts, skip=0)), update=1)
    assert [name for name, weight in parts.model.named_parameters() if weight.grad is None] == []


def test_noise_is_keyed_by_micro_batch() -> None:
    noise = Noise(seed=1, update=1)
    other = replace(noise, micro_batch=1)
    assert not torch.equal(noise.keep("a", (100,), 0.5), other.keep("a", (100,), 0.5))


def test_a_run_that_its_last_update_ruins_has_diverged() -> None:
    from harness_schedules.constant import Constant

    budget = replace(BUDGET, updates=1, evaluate_every=1)
    choices = experiment(schedule=Constant(learning_rate=1e30), budget=budget)
    with pytest.raises(Diverged, match="validation nll is not finite after update 1"):
        list(train(assemble(choices, seed=1)))
