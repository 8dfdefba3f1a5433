"""Choices that are equal by definition are equal to the bit, over models, sentences and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_experiment import Counting, experiment, weights

import harness_regularizers
from harness.components import Averaging, DecodingPolicy, Regularizer
from harness.components.relu import Relu
from harness.components.sinusoidal import Sinusoidal
from harness.contracts import Prediction
from harness.registry.option_types import option_types, plain
from harness.streams import Noise
from harness.study.experiment import Budget, Experiment
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_averagings.ema import EMA
from harness_decays import Constant, Linear
from harness_decoding_policies import (
    ParallelScheduledSampling,
    ScheduledSampling,
    TeacherForcing,
)
from harness_feed_forwards.swiglu import Swiglu
from harness_losses.cross_entropy import CrossEntropy
from harness_models.encoder_decoder import EncoderDecoder
from harness_positions.alibi import Alibi
from harness_positions.rotary import Rotary
from harness_regularizers import Dropout, RDrop

# A strength of 0 turns a regularizer off; a new one has one of these, or a reason below.
STRENGTHS = ("rate", "alpha", "beta", "eta", "layers")
WITHOUT_ZERO = {
    "clip_norm": "a norm of 0 would be no gradient at all",
    "lora": "it freezes the model, so that its dropout of 0 is still another model",
    "lora_dropout": "at a rate of 0 it is lora, which its own test holds to the bit",
}
few = settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Tiny experiments with dropout on, in models of several shapes."""
    heads = draw(st.sampled_from([1, 2]))
    model = EncoderDecoder(
        d_model=8,
        d_ff=draw(st.sampled_from([8, 12])),
        heads=heads,
        layers=draw(st.sampled_from([1, 2])),
        norm=draw(st.sampled_from(["pre", "post"])),
        positions=draw(st.sampled_from([Sinusoidal(), Rotary(), Alibi()])),
        feed_forward=draw(st.sampled_from([Relu(), Swiglu()])),
        kv_heads=draw(st.sampled_from([None, 1])),
        window=draw(st.sampled_from([None, 2])),
    )
    rate = draw(st.floats(0.05, 0.6))
    return experiment(
        dataset=Counting(train=draw(st.integers(10, 30))),
        model=model,
        regularizers={"dropout": Dropout(rate=rate)},
        budget=Budget(updates=3, batch_tokens=draw(st.integers(40, 90)), evaluate_every=3),
    )


seeds = st.integers(0, 2**31)


def trained(choices: Experiment, *, seed: int) -> dict[str, torch.Tensor]:
    """The weights after the budget."""
    parts = assemble(choices, seed=seed)
    for _ in train(parts):
        pass
    return dict(weights(parts))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Compare two models: the same parameters with the same bits."""
    return one.keys() == other.keys() and all(
        torch.equal(weight, other[name]) for name, weight in one.items()
    )


# --- teacher forcing ------------------------------------------------------------------------------

GOLD: Sequence[DecodingPolicy] = [
    ScheduledSampling(decay=Constant(probability=1.0)),
    ScheduledSampling(decay=Linear(start=1.0, end=1.0), mixture="gumbel"),
    ScheduledSampling(
        decay=Constant(probability=1.0), steps=Constant(probability=1.0), mixture="softmax"
    ),
    ParallelScheduledSampling(decay=Constant(probability=1.0), passes=2),
]


@pytest.mark.parametrize("policy", GOLD, ids=lambda policy: policy.name)
@few
@given(choices=experiments(), seed=seeds)
def test_at_epsilon_1_it_is_teacher_forcing_with_dropout_on(
    policy: DecodingPolicy, choices: Experiment, seed: int
) -> None:
    forced = trained(replace(choices, decoding_policy=TeacherForcing()), seed=seed)
    assert same(trained(replace(choices, decoding_policy=policy), seed=seed), forced)


# --- regularizers ---------------------------------------------------------------------------------


def zeros() -> list[Regularizer]:
    """Every regularizer with its strength at 0, in every choice that it leaves."""
    regularizers: list[Regularizer] = []
    for component in harness_regularizers.harness_regularizers():
        if component.name in WITHOUT_ZERO:
            continue
        types = option_types(component)
        strengths = [name for name in STRENGTHS if name in types]
        assert strengths, (
            f"{component.name}: add its strength to STRENGTHS, or a reason to WITHOUT_ZERO"
        )
        regularizers += [
            component(**{strengths[0]: _nothing(types[strengths[0]]), **kind})
            for kind in _kinds(component)
        ]
    return regularizers


def _nothing(hint: Any) -> Any:
    return () if get_origin(plain(hint)) is tuple else plain(hint)(0)


def _kinds(component: type[Regularizer]) -> list[dict[str, str]]:
    """Each value of the option that is called `kind`, where there is one."""
    hint = option_types(component).get("kind")
    names = get_args(hint) if get_origin(hint) is Literal else ()
    return [{"kind": name} for name in names] or [{}]


ZEROS = zeros()


@pytest.mark.parametrize("regularizer", ZEROS, ids=repr)
@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choices=experiments(), seed=seeds)
def test_a_strength_of_0_turns_a_regularizer_off(
    regularizer: Regularizer, choices: Experiment, seed: int
) -> None:
    if regularizer.name == "dropout":
        without = trained(replace(choices, regularizers={}), seed=seed)
        others = {"dropout": regularizer}
    else:
        without = trained(choices, seed=seed)
        others = {**choices.regularizers, regularizer.name: regularizer}
    assert same(trained(replace(choices, regularizers=others), seed=seed), without)


@few
@given(seed=seeds, alpha=st.floats(0.01, 100), size=st.floats(0.01, 50))
def test_r_drop_has_no_penalty_without_dropout(seed: int, alpha: float, size: float) -> None:
    parts = assemble(
        experiment(regularizers={"r_drop": RDrop(alpha=alpha)}, loss=CrossEntropy()), seed=seed
    )
    with torch.no_grad():
        for parameter in parts.model.parameters():
            parameter.mul_(size)
    batch = parts.task.train.batch(next(parts.order.batches()), device="cpu")
    passes: list[Prediction] = [
        parts.predict(parts.model, batch, update=1, noise=noise)
        for noise in (Noise(seed=seed, update=1), Noise(seed=seed, update=1).of_pass("pass 1"))
    ]
    (built,) = parts.regularizations
    assert built.penalty is not None
    assert built.penalty(passes).item() == 0.0


# --- averages -------------------------------------------------------------------------------------


@few
@given(choices=experiments(), seed=seeds, ramp=st.booleans())
def test_an_ema_with_decay_0_is_the_last_weights(
    choices: Experiment, seed: int, *, ramp: bool
) -> None:
    averaging: Averaging = EMA(decay=0.0, ramp=ramp)
    parts = assemble(replace(choices, averaging=averaging), seed=seed)
    for _ in train(parts):
        pass
    assert parts.averager is not None
    average = parts.averager.weights()
    assert average is not None
    assert same(dict(average), dict(weights(parts)))


def test_every_exception_is_still_a_regularizer() -> None:
    names = {component.name for component in harness_regularizers.harness_regularizers()}
    assert set(WITHOUT_ZERO) <= names
