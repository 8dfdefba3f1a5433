"""Every decoding policy, regularizer and generation on every model, with what goes by its names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from support.offered import OFFERED, ON_A_MODEL, SMALL, example
from support.tiny_experiment import BUDGET, experiment, weights

from harness.components import Architecture, Component, DecodingPolicy, Regularizer
from harness.testing import check
from harness.testing.fixtures import model_by_default
from harness.training.assembly import assemble
from harness.training.evaluation import teacher_forced, translate
from harness.training.loop import train
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder

MODELS: dict[str, Architecture] = {
    "encoder_decoder": EncoderDecoder(**SMALL),
    "decoder_only": DecoderOnly(**SMALL),
    "prefix": DecoderOnly(**SMALL, prefix=True),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
both_kinds = pytest.mark.parametrize("model", [*MODELS.values()][:2], ids=[*MODELS][:2])


def of_slots(*slots: str) -> Any:
    """A test for each component of some slots."""
    components = [component for slot in slots for component in OFFERED[slot]]
    return pytest.mark.parametrize(
        "component", components, ids=lambda component: f"{component.slot}-{component.name}"
    )


@both_kinds
@of_slots(*ON_A_MODEL)
def test_it_keeps_to_its_contract(
    component: type[Component], model: Architecture, tmp_path: Any
) -> None:
    with model_by_default(model):
        check(example(component, file=tmp_path))


@every_model
@of_slots("decoding_policy", "regularizers")
def test_it_trains_and_what_it_trained_translates(
    component: type[Component], model: Architecture, tmp_path: Any
) -> None:
    made = example(component, file=tmp_path)
    changes: dict[str, Any] = {"regularizers": {}}
    if isinstance(made, Regularizer):
        changes = {"regularizers": {made.name: made}}
    elif isinstance(made, DecodingPolicy):
        changes |= {"decoding_policy": made}
    budget = replace(BUDGET, updates=2, evaluate_every=2)
    parts = assemble(experiment(model=model, budget=budget, **changes), seed=1)
    before = weights(parts)
    for _ in train(parts):
        pass
    assert any(not torch.equal(weight, before[name]) for name, weight in weights(parts).items())
    assert 0 < teacher_forced(parts, pairs=parts.task.validation).nll < 10
    translations = translate(parts, pairs=parts.task.test, of=parts.experiment.generation)
    assert len(translations) == len(parts.task.test.sources)


@every_model
def test_it_learns(model: Architecture) -> None:
    """What a model of either kind has seen often enough, it predicts."""
    budget = replace(BUDGET, updates=60, evaluate_every=60)
    parts = assemble(experiment(model=model, budget=budget, regularizers={}), seed=1)
    before = teacher_forced(parts, pairs=parts.task.train).nll
    for _ in train(parts):
        pass
    assert teacher_forced(parts, pairs=parts.task.train).nll < before - 1
