"""Held against one pass per prefix."""

from __future__ import annotations

from collections.abc import Callable

import torch

from harness.contracts import PAD, Batch, Setting
from harness.streams import Noise
from harness_decoding_policies import TeacherForcing
from harness_models.transformer import Transformer

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
