"""Contracts of decoding policies and generations: decoding in training, and after it."""

from __future__ import annotations

from typing import Any

import torch

from harness.components import DecodingPolicy, Generation
from harness.contracts import BOS, EOS, PAD, Prediction
from harness.streams import Noise
from harness.testing import fixtures
from harness.testing.claims import Claims, contract


@contract
def check_decoding_policy(component: DecodingPolicy) -> None:
    """Check one prediction, at the real target tokens only, from the keyed noise alone."""
    claims = Claims(component, base=DecodingPolicy)
    predict = component.build(fixtures.SETTING)
    model, batch = fixtures.model(), fixtures.batch()
    for noise in (fixtures.NOISE, None):

        def predicted(noise: Noise | None = noise) -> Prediction:
            return predict(model, batch, update=3, noise=noise)

        prediction = claims.keyed(predicted, what="a prediction")
        is_one = isinstance(prediction, Prediction)
        claims.that(is_one, f"must return a Prediction, got {type(prediction).__name__}")
        sizes = {"logits": (batch.tokens, fixtures.CLASSES), "targets": (batch.tokens,)}
        sizes["hidden"] = (batch.tokens, fixtures.SETTING.d_model)
        for name, shape in sizes.items():
            claims.shape(getattr(prediction, name), expected=shape, what=name)
        gold = batch.target_next[batch.real]
        claims.that(torch.equal(prediction.targets, gold), "must predict the gold tokens, in order")
        claims.finite(prediction.logits, what="logits")
        claims.that(prediction.logits.requires_grad, "logits have no gradient")


@contract
def check_generation(component: Generation) -> None:
    """Check tokens for every sentence that do not depend on the rest of the batch."""
    claims = Claims(component, base=Generation)
    generate = component.build(fixtures.SETTING)
    model = fixtures.model()
    source = torch.tensor([[4, 5, 6, EOS], [7, 8, 9, EOS], [10, 11, 12, EOS]])
    numbers = [5, 2, 9]  # not in order, so that a row's place cannot stand for them
    written = claims.keyed(lambda: generate(model, source, sentences=numbers), what="a translation")
    claims.that(len(written) == len(numbers), f"3 sentences, but {len(written)} translations")
    translations: list[Any] = written
    for tokens in translations:
        whole = isinstance(tokens, list) and all(isinstance(token, int) for token in tokens)
        claims.that(whole, f"a translation must be a list of token ids, got {tokens!r:.40}")
        special = sorted({*tokens} & {PAD, BOS, EOS})
        claims.that(not special, f"pad, bos and eos must not be written, got {special}")
        inside = all(0 <= token < fixtures.CLASSES for token in tokens)
        claims.that(inside, f"there are {fixtures.CLASSES} classes, got {tokens!r:.60}")
    for row, number in enumerate(numbers):
        (alone,) = generate(model, source[row : row + 1], sentences=[number])
        claims.that(
            alone == written[row],
            "a sentence alone is translated differently from in a batch; draws are keyed by its "
            "line number, and no sentence sees another",
        )
