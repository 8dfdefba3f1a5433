"""Held against what peft answers for the same matrices, merged and not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch
from experiments import BUDGET, experiment, weights
from regularized import NOISE, Recording, put, run

from harness import streams
from harness.contracts import Batch
from harness.errors import HarnessError
from harness.model import Transformer, merged
from harness.model.projection import Projection
from harness.streams import Noise, kept_share
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_parameter_groups import LayerWise
from harness_regularizers import ClipNorm, Lora, LoraDropout, WeightDecay
from harness_regularizers.adapter import Adapter

MakeModel = Callable[[], Transformer]
EVERYTHING = ("query", "key", "value", "output", "feed_forward")


def _numbers(*shape: int, start: int) -> torch.Tensor:
    count = math.prod(shape)
    return (torch.arange(start, start + count, dtype=torch.float64) * 0.7).sin().view(shape)


def _filled(model: Transformer) -> Transformer:
    """The model with B other than 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("adapter.B"):
                parameter.copy_(_numbers(*parameter.shape, start=len(name)))
    return model


# --- against PEFT -------------------------------------------------------------------------------

# What peft 0.21.2 answers, with LoraConfig(r=2, lora_alpha=6, use_rslora=...) beside a Linear(3, 4)
# and every matrix from `_numbers`; its merged weights answered the same to 1e-15.
PEFT = {
    False: [
        [2.4959755301566022, 1.5877830628110203, 0.24192903874820454, -1.7250842125882244],
        [7.199206569994942, 0.6140009839109793, -5.845862782713066, -0.2569889565583632],
    ],
    True: [
        [2.9282190314929775, 2.260961127120687, 0.03852184191948882, -2.4674073570785433],
        [9.119223701777589, 0.5604839291970929, -7.784072196268023, -0.8623357345730454],
    ],
}


@pytest.mark.parametrize("rslora", [False, True])
def test_it_answers_what_peft_answers_merged_or_not(*, rslora: bool) -> None:
    projection = Projection(3, 4).double()
    projection.adapter = Adapter(
        "query",
        beside=projection,
        rank=2,
        scale=Lora(rank=2, alpha=6.0, rslora=rslora).scale,
        disturb=None,
        generator=partial(streams.generator, 1, "init"),
    )
    with torch.no_grad():
        projection.weight.copy_(_numbers(4, 3, start=1))
        projection.bias.copy_(_numbers(4, start=20))
        projection.adapter.A.copy_(_numbers(2, 3, start=40))
        projection.adapter.B.copy_(_numbers(4, 2, start=60))
    states, expected = _numbers(2, 3, start=80), torch.tensor(PEFT[rslora], dtype=torch.float64)
    torch.testing.assert_close(projection(states), expected, rtol=1e-14, atol=1e-14)
    with merged(projection):
        assert projection.adapter is None
        torch.testing.assert_close(projection(states), expected, rtol=1e-14, atol=1e-14)


# --- what it hangs where ------------------------------------------------------------------------


def test_adapters_stand_beside_the_targets_and_nowhere_else(transformer: MakeModel) -> None:
    attentions = [
        "encoder.0.self_attention",
        *(f"decoder.{n}.{which}_attention" for n in (0, 1) for which in ("self", "cross")),
    ]
    networks = [f"{layer}.feed_forward" for layer in ("encoder.0", "decoder.0", "decoder.1")]
    for target in EVERYTHING:
        places = [f"{place}.{target}" for place in attentions]
        if target == "feed_forward":
            places = [f"{place}.{which}" for place in networks for which in ("inner", "outer")]
        model = put(Lora(rank=3, targets=(target,)), transformer())
        shapes = {
            name: tuple(parameter.shape)
            for name, parameter in model.named_parameters()
            if "adapter" in name
        }
        expected = {}
        for place in places:
            outputs, inputs = model.get_submodule(place).weight.shape
            expected[f"{place}.adapter.A"] = (3, inputs)
            expected[f"{place}.adapter.B"] = (outputs, 3)
        assert shapes == expected


def test_the_model_begins_as_it_was_and_keeps_its_names(
    transformer: MakeModel, batch: Batch
) -> None:
    plain, adapted = transformer(), put(Lora(targets=EVERYTHING), transformer())
    before = dict(plain.named_parameters())
    after = dict(adapted.named_parameters())
    assert [name for name in after if "adapter" not in name] == list(before)
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert torch.equal(run(adapted, batch, None), run(plain, batch, None))


def test_a_is_uniform_up_to_one_over_the_root_of_its_inputs_by_its_name(
    transformer: MakeModel,
) -> None:
    model = put(Lora(rank=400, targets=("query", "feed_forward")), transformer())
    for name, parameter in model.named_parameters():
        if name.endswith("adapter.B"):
            assert not parameter.any()
        if name.endswith("adapter.A"):
            bound = parameter.shape[1] ** -0.5
            assert 0.99 * bound < parameter.abs().max() <= bound
            assert parameter.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
            drawn = streams.generator(3, "init", name)
            again = torch.empty_like(parameter)
            torch.nn.init.uniform_(again, -bound, bound, generator=drawn)
            torch.testing.assert_close(parameter.detach(), again, rtol=1e-12, atol=0)


def test_two_that_want_one_matrix_are_refused(transformer: MakeModel) -> None:
    model = put(Lora(), transformer())
    with pytest.raises(HarnessError, match="encoder.0.self_attention.query has an adapter already"):
        put(LoraDropout(), model)


# --- merging ------------------------------------------------------------------------------------


def test_merged_the_whole_model_answers_the_same_and_comes_back_to_the_bit(
    transformer: MakeModel, batch: Batch
) -> None:
    model = _filled(put(Lora(rank=2, targets=EVERYTHING), transformer()))
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    identities = {name: id(each) for name, each in model.named_parameters()}
    apart = run(model, batch, None)
    assert not torch.allclose(apart, run(transformer(), batch, None))
    with merged(model):
        assert not [name for name, _ in model.named_parameters() if "adapter" in name]
        torch.testing.assert_close(run(model, batch, None), apart, rtol=0, atol=1e-12)
    assert identities == {name: id(each) for name, each in model.named_parameters()}
    assert all(torch.equal(before[name], each) for name, each in model.named_parameters())
    assert torch.equal(run(model, batch, None), apart)


def test_a_model_is_whole_again_whatever_goes_wrong_in_between(transformer: MakeModel) -> None:
    model = put(Lora(), transformer())
    with pytest.raises(KeyError), merged(model):
        raise KeyError
    assert len(model.encoder[0].self_attention.query.adapter.A) == 8


# --- freezing -----------------------------------------------------------------------------------


def test_groups_optimizer_clipping_and_decay_see_adapters_only() -> None:
    beside = {"clip_norm": ClipNorm(norm=1e-3), "weight_decay": WeightDecay(rate=0.5)}
    parts = assemble(
        experiment(
            regularizers={"lora": Lora(rank=2), **beside}, parameter_groups=LayerWise(decay=0.5)
        ),
        seed=1,
    )
    start, named = weights(parts), dict(parts.model.named_parameters())
    adapters = {name for name in named if ".adapter." in name}
    assert {name for name, each in named.items() if each.requires_grad} == adapters
    assert {name for group in parts.groups for name in group.names} == adapters
    assert len(parts.groups) == 2  # one layer a stack, and nothing above or below
    optimized = {id(each) for group in parts.optimizer.param_groups for each in group["params"]}
    assert optimized == {id(named[name]) for name in adapters}
    for update in train(parts):
        if update.number == 3:
            break
    moved = {name for name, each in weights(parts).items() if not torch.equal(each, start[name])}
    assert moved == adapters
    assert all(named[name].grad is None for name in set(named) - adapters)
    gradients = [named[name].grad.flatten() for name in adapters]
    assert torch.cat(gradients).norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_initial_digests_are_those_without_it() -> None:
    plain = assemble(experiment(), seed=3).initial_weights
    assert assemble(experiment(regularizers={"lora": Lora()}), seed=3).initial_weights == plain


def test_it_learns() -> None:
    budget = replace(BUDGET, updates=40, evaluate_every=40)
    lora = Lora(rank=8, alpha=32.0, targets=EVERYTHING)
    choices = experiment(regularizers={"lora": lora}, budget=budget)
    first, *_, last = train(assemble(choices, seed=1))
    before, after = (
        next(m.value for m in update.measurements if (m.split, m.metric) == ("validation", "nll"))
        for update in (first, last)
    )
    assert after < before - 0.1


# --- PEFT's dropout -----------------------------------------------------------------------------


def test_dropout_takes_elements_of_what_an_adapter_reads(
    transformer: MakeModel, batch: Batch
) -> None:
    model = _filled(put(Lora(rank=2, dropout=0.4, targets=("value",)), transformer()))
    value = model.encoder[0].self_attention.value
    states = _numbers(3, 5, 8, start=7)
    kept = NOISE.keep("lora.encoder.0.self_attention.value", states.shape, 0.4)
    rows = {tuple(row) for row in kept.flatten(0, 1).tolist()}
    assert len(rows) == 15, "anew for every sentence and place"
    dropped = states * kept / kept_share(0.4)
    delta = (value.adapter.B @ value.adapter.A) * (8.0 / 2)
    expected = states @ value.weight.T + value.bias + dropped @ delta.T
    torch.testing.assert_close(value(states, NOISE), expected, rtol=0, atol=1e-12)
    plain = states @ (value.weight + delta).T + value.bias
    for silent in (None, Noise(seed=3, update=5, stream="members")):
        torch.testing.assert_close(value(states, silent), plain, rtol=0, atol=1e-12)
    recording = Recording(seed=3, update=5)
    run(model, batch, recording)  # which refuses a key that comes twice
    assert len(recording.masks) == 5


def test_without_dropout_noise_changes_no_bit(transformer: MakeModel, batch: Batch) -> None:
    model = _filled(put(Lora(dropout=0.0, targets=EVERYTHING), transformer()))
    assert torch.equal(run(model, batch), run(model, batch, None))
