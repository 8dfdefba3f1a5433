"""Contracts of a model's parts: normalizations, feed-forward networks, positions."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from harness import streams
from harness.components import FeedForward, Normalization, Positions
from harness.components.positions import PlaceCode, Places
from harness.testing import fixtures
from harness.testing.claims import Claims, contract

_WIDTH, _HEADS = fixtures.SETTING.d_model, 2
_PLACES, _FIRST = 7, 4  # a sentence, and the first of the places that a later step feeds


@contract
def check_normalization(component: Normalization) -> None:
    """Check a module that keeps a shape, treats each vector alone, and counts its parameters."""
    claims = Claims(component, base=Normalization)
    vectors = _drawn(3, 5, _WIDTH)
    for bias in (True, False):
        built = component.build(_WIDTH, bias=bias)
        claims.that(isinstance(built, torch.nn.Module), f"must build a module, got {built!r:.40}")
        names = {name for name, _ in built.named_parameters()}
        known = {"weight", "bias"} if bias else {"weight"}
        claims.that(names <= known, f"may have {sorted(known)}, got {sorted(names)}")
        _count(claims, built=built, counted=component.parameters(_WIDTH, bias=bias))
        normalize = _filled(built)
        normalized = claims.keyed(partial(normalize, vectors), what="a normalization")
        claims.shape(normalized, expected=(3, 5, _WIDTH), what="normalized vectors")
        claims.finite(normalized, what="normalized vectors")
        claims.finite(normalize(vectors * 0), what="normalized zeros")
        alone = normalize(vectors[1:2, 2:3])[0, 0]
        same = torch.allclose(alone, normalized[1, 2], rtol=0, atol=1e-12)
        claims.that(same, "a vector depends on the others of its batch")


@contract
def check_feed_forward(component: FeedForward) -> None:
    """Check a function of each number by itself, finite and with a finite gradient."""
    claims = Claims(component, base=FeedForward)
    activation = component.build()
    units = _drawn(4, 6).mul(3).requires_grad_()
    activated = claims.keyed(lambda: activation(units), what="an activation")
    claims.shape(activated, expected=(4, 6), what="activated units")
    claims.finite(activated, what="activated units")
    alone = activation(units[2:3, 1:2])[0, 0]
    same = torch.allclose(alone, activated[2, 1], rtol=0, atol=1e-12)
    claims.that(same, "a unit depends on the others")
    (gradient,) = torch.autograd.grad(activated.sum(), units)
    claims.finite(gradient, what="the gradient")


@contract
def check_positions(component: Positions) -> None:
    """Check a code that does with some places what it does with them in the whole sentence."""
    claims = Claims(component, base=Positions)
    fault = component.fault(_WIDTH, heads=_HEADS)
    claims.that(fault is None, f"does not fit {_HEADS} heads of a width of {_WIDTH}: {fault}")
    code = component.build(_WIDTH, heads=_HEADS)
    claims.that(isinstance(code, PlaceCode), f"must build a PlaceCode, got {code!r:.40}")
    _count(claims, built=code, counted=component.parameters(_WIDTH))
    _filled(code)
    whole, later = _places(0), _places(_FIRST)
    vectors = _drawn(3, _PLACES, _WIDTH)
    _same_later(
        claims,
        whole=claims.keyed(lambda: code.embed(vectors, places=whole), what="a token vector"),
        later=code.embed(vectors[:, _FIRST:], places=later),
        what="token vectors",
    )
    queries, turn, turn_later = _drawn(3, _HEADS, _PLACES, 8), code.turn(whole), code.turn(later)
    if turn and turn_later:
        turned = turn_later(queries[:, :, _FIRST:])
        _same_later(claims, whole=turn(queries), later=turned, what="queries")
    bias, bias_later = code.bias(whole, keys=whole), code.bias(later, keys=whole)
    if bias is not None and bias_later is not None:
        expected = (1, _HEADS, _PLACES, _PLACES)
        claims.shape(bias, expected=expected, what="the bias of scores")
        _same_later(claims, whole=bias, later=bias_later, what="biases of scores")


def _same_later(claims: Claims, *, whole: Any, later: Any, what: str) -> None:
    """The places from `_FIRST` on, the last dimension but one, are those of the whole."""
    claims.finite(whole, what=what)
    same = later.shape == whole[..., _FIRST:, :].shape
    same = same and torch.allclose(later, whole[..., _FIRST:, :], rtol=0, atol=1e-12)
    claims.that(same, f"{what} of later places must be those in the whole sentence")


def _places(first: int) -> Places:
    return Places.run(_PLACES - first, first=first, device=torch.device("cpu"))


def _drawn(*shape: int) -> torch.Tensor:
    drawn = streams.generator(fixtures.SETTING.seed, "order", "parts")
    return torch.randn(*shape, dtype=torch.float64, generator=drawn)


def _filled(built: Any) -> Any:
    """The module in float64, its parameters drawn; whatever is no module as it is."""
    if isinstance(built, torch.nn.Module):
        built.double()
        for parameter in built.parameters():
            parameter.data = _drawn(*parameter.shape)
    return built


def _count(claims: Claims, *, built: Any, counted: int) -> None:
    weights = built.parameters() if isinstance(built, torch.nn.Module) else ()
    count = sum(weight.numel() for weight in weights)
    claims.that(counted == count, f"counts {counted} parameters, and has {count}")
