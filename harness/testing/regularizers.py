"""The contract of regularizers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from harness.components import Regularizer
from harness.contracts import Prediction, Regularization
from harness.model import SequenceModel
from harness.prediction import predict_at_real
from harness.streams import Noise
from harness.testing import fixtures
from harness.testing.claims import Claims, contract, same

_RATE = 0.01


@contract
def check_regularizer(component: Regularizer) -> None:
    """Check that each part keeps shapes, stays finite and draws from its noise or generator."""
    claims = Claims(component, base=Regularizer)
    built = component.build(fixtures.SETTING)
    claims.builds("a Regularization", built=built, expected=Regularization)
    passes: Any = built.passes
    whole = isinstance(passes, int) and passes >= 1
    claims.that(whole, f"passes must be a whole number above 0, got {passes!r}")
    members: Any = built.members
    whole = isinstance(members, int) and members >= 0
    claims.that(whole, f"members must be a whole number at least 0, got {members!r}")
    _claim_sites(claims, component=component)
    _claim_adapters(claims, component=component)
    if built.penalty:
        _claim_penalty(claims, component=component)
    if built.modify_gradients:
        claims.keyed(lambda: _gradients(claims, component=component), what="a gradient")
    if built.modify_weights:
        for name, weight in claims.keyed(lambda: _weights(component), what="a weight").items():
            claims.finite(weight, what=f"{name} after modify_weights")


def _modified(component: Regularizer) -> tuple[SequenceModel, Regularization]:
    model, built = fixtures.model(), component.build(fixtures.SETTING)
    if built.modify_model:
        built.modify_model(model, generator=fixtures.generator_of())
    return model, built


def _predicted(model: SequenceModel, *, noise: Noise | None) -> Prediction:
    batch = fixtures.batch()
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(batch.target_input), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)


def _claim_sites(claims: Claims, *, component: Regularizer) -> None:
    """With noise the model gives the same bits for the same key; without, those of before."""

    def noisy() -> torch.Tensor:
        return _predicted(_modified(component)[0], noise=fixtures.NOISE).logits

    logits = claims.keyed(noisy, what="the modified model")
    shape = (fixtures.batch().tokens, fixtures.CLASSES)
    _claim_members(claims, component=component)
    claims.shape(logits, expected=shape, what="logits of the modified model")
    claims.finite(logits, what="logits of the modified model")
    model, _ = _modified(component)
    plain = fixtures.model()
    altered = any(site.transforms for site in model.sites.values())
    adapted = any(projection.adapter for projection in model.projections.values())
    if not (altered or adapted) and same(
        fixtures.weights(model), fixtures.weights(plain)
    ):  # nothing but noise
        silent = _predicted(model, noise=None).logits
        unchanged = torch.equal(silent, _predicted(plain, noise=None).logits)
        claims.that(unchanged, "acts without noise; draw from the noise that a site is called with")


def _claim_members(claims: Claims, *, component: Regularizer) -> None:
    """A member of an evaluation gives a sentence the same scores, alone and in a batch."""
    batch, member = fixtures.batch(), replace(fixtures.NOISE, stream="members")

    def scores(row: int) -> torch.Tensor:
        model, target = _modified(component)[0], batch.target_input[: row + 1]
        memory = model.encode(batch.source[: row + 1], noise=member)
        return model.decode(model.embed(target), memory, noise=member)[0]

    alone = claims.keyed(lambda: scores(0), what="a member of an evaluation")
    together = torch.allclose(alone, scores(1), rtol=1e-9, atol=1e-9)
    claims.that(together, "a member's noise depends on what else is in the batch")


@torch.no_grad()
def _claim_adapters(claims: Claims, *, component: Regularizer) -> None:
    """An adapter's `delta` is its matrix without noise, or None."""
    model, _ = _modified(component)
    for parameter in model.parameters():
        parameter.add_(0.1)  # an adapter that starts at 0 would pass with any delta
    for name, projection in model.projections.items():
        delta = projection.adapter.delta() if projection.adapter else None
        if projection.adapter is None or delta is None:
            continue
        what = f"the delta beside {name}"
        claims.shape(delta, expected=tuple(projection.weight.shape), what=what)
        unit = torch.eye(delta.shape[1], dtype=delta.dtype)
        output = projection.adapter(unit, None).T
        claims.that(torch.allclose(output, delta), f"{what} is not the adapter's matrix")


def _claim_penalty(claims: Claims, *, component: Regularizer) -> None:
    def penalty(first: int, *, last: int) -> torch.Tensor:
        model, built = _modified(component)
        passes = [fixtures.NOISE.of_pass(str(number)) for number in range(built.passes)]
        predictions = [_predicted(model, noise=noise) for noise in passes]
        assert built.penalty
        return built.penalty(
            [Prediction(*(part[first:last] for part in prediction)) for prediction in predictions]
        )

    tokens = fixtures.batch().tokens
    value = claims.keyed(lambda: penalty(0, last=tokens), what="the penalty")
    claims.shape(value, expected=(), what="the penalty, one summed number,")
    claims.finite(value, what="the penalty")
    parts = penalty(0, last=5) + penalty(5, last=tokens)
    claims.that(
        torch.allclose(value, parts, rtol=1e-9, atol=1e-9),
        "the penalty must be summed over tokens: of all tokens it must be that of some plus that "
        f"of the rest, got {value.item():g} and {parts.item():g}; is it a mean?",
    )


def _gradients(claims: Claims, *, component: Regularizer) -> dict[str, torch.Tensor]:
    model, built = _modified(component)
    before = fixtures.gradients(model)
    assert built.modify_gradients
    drawn = fixtures.NOISE.generator
    built.modify_gradients(dict(model.named_parameters()), update=3, generator=drawn)
    gradients = {}
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        claims.shape(parameter.grad, expected=tuple(before[name].shape), what=f"{name}'s gradient")
        claims.finite(parameter.grad, what=f"{name}'s gradient")
        kept = parameter.grad.stride() == before[name].stride()
        claims.that(kept, f"{name}'s gradient must keep its memory layout")
        gradients[name] = parameter.grad.clone()
    return gradients


@torch.no_grad()
def _weights(component: Regularizer) -> dict[str, torch.Tensor]:
    model, built = _modified(component)
    fixtures.gradients(model)
    assert built.modify_weights
    built.modify_weights(dict(model.named_parameters()), update=3, learning_rate=_RATE)
    return fixtures.weights(model)
