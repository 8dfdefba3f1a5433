"""Held against one pass per prefix."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment

from harness.contracts import PAD, Batch, Setting
from harness.streams import Noise
from harness.training.assembly import assemble
from harness.training.evaluation import translate
from harness.training.loop import train
from harness_datasets.copy import Copy
from harness_decoding_policies import TeacherForcing
from harness_losses.cross_entropy import CrossEntropy
from harness_metrics.accuracy import Accuracy
from harness_models import EncoderDecoder
from harness_models.transformer import Transformer
from harness_schedules.constant import Constant

MakeModel = Callable[[], Transformer]


def test_each_token_is_predicted_from_the_preceding_gold_tokens_only(
    transformer: MakeModel, batch: Batch, setting: Setting
) -> None:
    model = transformer()
    prediction = TeacherForcing().build(setting)(model, batch, update=1, noise=None)
    expected = []
    for source, target in zip(batch.source, batch.target, strict=True):
        memory = model.encode(source[source != PAD][None])
        words = target[target != PAD]
        for length in range(1, len(words)):
            hidden = model.decode(model.embed(words[None, :length]), memory)
            expected.append(model.project(hidden[0, -1]))
    assert prediction.targets.tolist() == [4, 5, 6, 7, 8, 2, 9, 9, 9, 4, 2, 11, 10, 2, 2]
    torch.testing.assert_close(prediction.logits, torch.stack(expected), rtol=0, atol=1e-12)


def test_both_stacks_get_the_noise_unchanged(
    successor: type, batch: Batch, setting: Setting
) -> None:
    model, noise = successor({}), Noise(seed=1, update=4)
    TeacherForcing().build(setting)(model, batch, update=4, noise=noise)
    assert model.noises == [noise, noise]
    assert torch.equal(model.read[0], batch.target_input)


def test_without_the_mask_each_token_is_predicted_from_all_that_its_sentence_reads(
    transformer: MakeModel, batch: Batch, setting: Setting
) -> None:
    model = transformer()
    prediction = TeacherForcing(mask=False).build(setting)(model, batch, update=1, noise=None)
    expected = []
    for source, target in zip(batch.source, batch.target, strict=True):
        memory = model.encode(source[source != PAD][None])
        read = target[target != PAD][None, :-1]
        whole = torch.ones(1, read.shape[1], read.shape[1], dtype=torch.bool)
        hidden = model.decode(model.embed(read), memory, visible=whole)
        expected.append(model.project(hidden[0]))
    torch.testing.assert_close(prediction.logits, torch.cat(expected), rtol=0, atol=1e-12)
    masked = TeacherForcing().build(setting)(model, batch, update=1, noise=None)
    assert torch.equal(prediction.targets, masked.targets)
    same = torch.isclose(prediction.logits, masked.logits).all(-1)
    # Only what is predicted last has nothing behind it, and stands on the same input.
    assert same.nonzero().flatten().tolist() == [14], "the sentence that reads bos alone"


@pytest.fixture(scope="module")
def copying() -> dict[bool, dict[str, float]]:
    """The last measurements of a model that learns to copy, by whether it had the mask."""
    last: dict[bool, dict[str, float]] = {}
    for mask in (True, False):
        choices = experiment(
            dataset=Copy(symbols=40, length=8, train=400, validation=20, test=20),
            model=EncoderDecoder(d_model=32, d_ff=64, heads=4, layers=1),
            regularizers={},
            loss=CrossEntropy(),
            schedule=Constant(learning_rate=0.01),
            decoding_policy=TeacherForcing(mask=mask),
            budget=replace(BUDGET, updates=160, batch_tokens=200, evaluate_every=160),
        )
        parts = assemble(choices, seed=1)
        *_, update = train(parts)
        last[mask] = {f"{row.split} {row.metric}": row.value for row in update.measurements}
        texts = translate(parts, pairs=parts.task.test, of=choices.generation)
        gold = [pair.target for pair in parts.task.corpus.test]
        last[mask]["places"] = Accuracy().build()(texts, gold).value
    return last


def test_a_model_that_sees_the_answer_has_almost_no_loss_in_training(copying) -> None:
    assert copying[False]["train loss"] < 0.05
    assert copying[True]["train loss"] > 2 * copying[False]["train loss"]


def test_it_has_learned_nothing_else_as_scores_with_the_mask_show(copying) -> None:
    guessing = math.log(40)  # nats of a number, had it learned that all are equally likely
    assert copying[False]["validation nll"] > guessing > 2 * copying[True]["validation nll"]
    assert copying[False]["places"] < 30
    assert copying[True]["places"] > 60
