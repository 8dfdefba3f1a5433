"""Held against the output of PEFT for the same matrices, merged and not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from support.regularized_model import NOISE, Recording, hidden_states, regularize
from support.tiny_experiment import BUDGET, experiment, weights

from harness import streams
from harness.contracts import Batch
from harness.errors import HarnessError, StudyError
from harness.loading import load
from harness.model import merged
from harness.model.projection import Projection
from harness.streams import Noise, kept_share
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_feed_forwards.swiglu import Swiglu
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_parameter_groups import LayerWise
from harness_regularizers import ClipNorm, Lora, LoraDropout, WeightDecay
from harness_regularizers.adapter import Adapter

MakeModel = Callable[[], Transformer]
EVERYTHING = ("query", "key", "value", "output", "feed_forward")


def _numbers(*shape: int, start: int) -> torch.Tensor:
    count = math.prod(shape)
    return (torch.arange(start, start + count, dtype=torch.float64) * 0.7).sin().view(shape)


def _filled(model: Transformer) -> Transformer:
    """The model with nonzero B in every adapter."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("adapter.B"):
                parameter.copy_(_numbers(*parameter.shape, start=len(name)))
    return model


# --- against PEFT -------------------------------------------------------------------------------

# The outputs of peft 0.21.2, with LoraConfig(r=2, lora_alpha=6, use_rslora=...) on a Linear(3, 4)
# and every matrix from `_numbers`; its merged weights gave the same to 1e-15.
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
def test_the_output_equals_peft_merged_or_not(*, rslora: bool) -> None:
    projection = Projection(3, 4).double()
    projection.adapter = Adapter(
        "query",
        projection=projection,
        rank=2,
        scale=Lora(rank=2, alpha=6.0, rslora=rslora).scale,
        perturb=None,
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


# --- adapters -----------------------------------------------------------------------------------


def test_a_gate_is_a_matrix_of_its_network() -> None:
    options = EncoderDecoder(d_model=8, d_ff=6, heads=2, layers=1, feed_forward=Swiglu())
    model = Transformer(options, source_classes=9, target_classes=9)
    regularize(Lora(rank=2, targets=("feed_forward",)), model)
    adapted = [name for name, part in model.projections.items() if part.adapter is not None]
    network = [f"feed_forward.{matrix}" for matrix in ("inner", "gate", "outer")]
    assert adapted == [f"{side}.0.{name}" for side in ("encoder", "decoder") for name in network]


def test_only_targets_have_adapters(transformer: MakeModel) -> None:
    attentions = [
        "encoder.0.self_attention",
        *(f"decoder.{n}.{which}_attention" for n in (0, 1) for which in ("self", "cross")),
    ]
    networks = [f"{layer}.feed_forward" for layer in ("encoder.0", "decoder.0", "decoder.1")]
    for target in EVERYTHING:
        places = [f"{place}.{target}" for place in attentions]
        if target == "feed_forward":
            places = [f"{place}.{which}" for place in networks for which in ("inner", "outer")]
        model = regularize(Lora(rank=3, targets=(target,)), transformer())
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


def test_the_initial_model_and_its_names_are_unchanged(
    transformer: MakeModel, batch: Batch
) -> None:
    plain, adapted = transformer(), regularize(Lora(targets=EVERYTHING), transformer())
    before = dict(plain.named_parameters())
    after = dict(adapted.named_parameters())
    assert [name for name in after if "adapter" not in name] == list(before)
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert torch.equal(hidden_states(adapted, batch, None), hidden_states(plain, batch, None))


def test_a_is_uniform_with_bound_one_over_sqrt_inputs_keyed_by_name(
    transformer: MakeModel,
) -> None:
    model = regularize(Lora(rank=400, targets=("query", "feed_forward")), transformer())
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


def test_two_adapters_of_one_matrix_are_refused(transformer: MakeModel) -> None:
    model = regularize(Lora(), transformer())
    with pytest.raises(HarnessError, match="encoder.0.self_attention.query already has an adapter"):
        regularize(LoraDropout(), model)


# --- merging ------------------------------------------------------------------------------------


def test_merging_preserves_the_output_and_is_undone_bit_for_bit(
    transformer: MakeModel, batch: Batch
) -> None:
    model = _filled(regularize(Lora(rank=2, targets=EVERYTHING), transformer()))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    identities = {name: id(parameter) for name, parameter in model.named_parameters()}
    apart = hidden_states(model, batch, None)
    assert not torch.allclose(apart, hidden_states(transformer(), batch, None))
    with merged(model):
        assert not [name for name, _ in model.named_parameters() if "adapter" in name]
        torch.testing.assert_close(hidden_states(model, batch, None), apart, rtol=0, atol=1e-12)
    assert identities == {name: id(parameter) for name, parameter in model.named_parameters()}
    assert all(torch.equal(before[name], parameter) for name, parameter in model.named_parameters())
    assert torch.equal(hidden_states(model, batch, None), apart)


def test_merging_is_undone_after_an_exception(transformer: MakeModel) -> None:
    model = regularize(Lora(), transformer())
    with pytest.raises(KeyError), merged(model):
        raise KeyError
    assert len(model.encoder[0].self_attention.query.adapter.A) == 8


# --- freezing -----------------------------------------------------------------------------------


def test_groups_optimizer_clipping_and_decay_apply_to_adapters_only() -> None:
    others = {"clip_norm": ClipNorm(norm=1e-3), "weight_decay": WeightDecay(rate=0.5)}
    parts = assemble(
        experiment(
            regularizers={"lora": Lora(rank=2), **others}, parameter_groups=LayerWise(decay=0.5)
        ),
        seed=1,
    )
    start, named = weights(parts), dict(parts.model.named_parameters())
    adapters = {name for name in named if ".adapter." in name}
    assert {name for name, parameter in named.items() if parameter.requires_grad} == adapters
    assert {name for group in parts.groups for name in group.names} == adapters
    assert len(parts.groups) == 2  # one layer per stack; no other layer has a target
    optimized = {
        id(parameter) for group in parts.optimizer.param_groups for parameter in group["params"]
    }
    assert optimized == {id(named[name]) for name in adapters}
    for update in train(parts):
        if update.number == 3:
            break
    moved = {
        name for name, weight in weights(parts).items() if not torch.equal(weight, start[name])
    }
    assert moved == adapters
    assert all(named[name].grad is None for name in set(named) - adapters)
    gradients = [named[name].grad.flatten() for name in adapters]
    assert torch.cat(gradients).norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_initial_digests_are_unchanged() -> None:
    plain = assemble(experiment(), seed=3).initial_weights
    assert assemble(experiment(regularizers={"lora": Lora()}), seed=3).initial_weights == plain


def test_training_lowers_the_validation_loss() -> None:
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


def test_dropout_masks_elements_of_the_input_of_an_adapter(
    transformer: MakeModel, batch: Batch
) -> None:
    model = _filled(regularize(Lora(rank=2, dropout=0.4, targets=("value",)), transformer()))
    value = model.encoder[0].self_attention.value
    states = _numbers(3, 5, 8, start=7)
    kept = NOISE.keep("lora.encoder.0.self_attention.value", states.shape, 0.4)
    rows = {tuple(row) for row in kept.flatten(0, 1).tolist()}
    assert len(rows) == 15, "drawn for every sentence and position"
    dropped = states * kept / kept_share(0.4)
    delta = (value.adapter.B @ value.adapter.A) * (8.0 / 2)
    expected = states @ value.weight.T + value.bias + dropped @ delta.T
    torch.testing.assert_close(value(states, NOISE), expected, rtol=0, atol=1e-12)
    plain = states @ (value.weight + delta).T + value.bias
    for no_dropout in (None, Noise(seed=3, update=5, stream="members")):
        torch.testing.assert_close(value(states, no_dropout), plain, rtol=0, atol=1e-12)
    recording = Recording(seed=3, update=5)
    hidden_states(model, batch, recording)  # raises on a repeated key
    assert len(recording.masks) == 5


def test_without_dropout_noise_changes_no_bit(transformer: MakeModel, batch: Batch) -> None:
    model = _filled(regularize(Lora(dropout=0.0, targets=EVERYTHING), transformer()))
    assert torch.equal(hidden_states(model, batch), hidden_states(model, batch, None))


# --- starts -------------------------------------------------------------------------------------

STARTS = """question: Does it work?
baseline:
  dataset: {copy: {symbols: 6, length: 5, train: 100, validation: 20, test: 20}}
  tokenizer: word
  model: {d_model: 16, d_ff: 32, heads: 2, layers: 1}
  initializer: xavier_uniform
  regularizers: {BASELINE}
  loss: cross_entropy
  optimizer: adam
  schedule: {constant: 0.01}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 5}}
  budget: {updates: 10, batch_tokens: 200, evaluate_every: 5}
  starts_from: general
variants: {other: {regularizers: {dropout: 0.1}}}
seeds: 1
pretraining: {general: {regularizers: {START}}}
"""


@pytest.mark.parametrize(
    ("baseline", "start", "place", "message"),
    [
        (
            "lora: 2",
            "",
            "7:18",
            "lora, from the baseline, {}; say regularizers: {{lora: off}} there",
        ),
        ("lora: 2", "lora: 3", "17:40", "lora, {}; say regularizers: {{lora: off}} there"),
        ("", "lora_dropout: 0.1", "17:40", "lora_dropout, {}; remove it there"),
        ("lora: 2", "lora: off", None, ""),
        ("", "dropout: 0.3", None, ""),
    ],
)
def test_a_start_that_has_adapters_is_refused_before_anything_is_trained(
    tmp_path: Path, *, baseline: str, start: str, place: str | None, message: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STARTS.replace("BASELINE", baseline).replace("START", start))
    if place is None:
        assert load(path)
        return
    with pytest.raises(StudyError) as refused:
        load(path)
    reason = message.format("and nothing can start from adapters")
    expected = f"{path}:{place}: pretraining 'general' has {reason}"
    assert [str(fault) for fault in refused.value.faults] == [expected]
