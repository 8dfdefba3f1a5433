"""Contracts of losses, schedules, decays and metrics: from numbers or text to one number."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from harness.components import Decay, Loss, Metric, Schedule
from harness.contracts import Rate, Score
from harness.testing import fixtures
from harness.testing.claims import Claims, contract

_TOKENS = 7


@contract
def check_loss(component: Loss) -> None:
    """Check a finite sum over tokens with a finite gradient."""
    claims = Claims(component, base=Loss)
    loss = component.build(fixtures.SETTING)
    logits, targets = fixtures.logits(_TOKENS).requires_grad_(), fixtures.targets(_TOKENS)
    kept = logits.detach().clone()
    value = claims.keyed(lambda: loss(logits, targets), what="the loss")
    claims.shape(value, expected=(), what="the loss, one summed number,")
    claims.finite(value, what="the loss")
    claims.that(value.dtype == logits.dtype, f"turns {logits.dtype} into {value.dtype}")
    claims.that(torch.equal(logits.detach(), kept), "changes the logits that it is given")
    parts = loss(logits[:3], targets[:3]) + loss(logits[3:], targets[3:])
    claims.that(
        torch.allclose(parts, value, rtol=1e-9, atol=1e-9),
        "must be summed over tokens: of all tokens it must be that of some plus that of the rest, "
        f"got {value.item():g} and {parts.item():g}; is it a mean?",
    )
    claims.that(value.requires_grad, "has no gradient")
    (gradient,) = torch.autograd.grad(value, logits)
    claims.finite(gradient, what="the gradient")


@contract
def check_schedule(component: Schedule) -> None:
    """Check a finite rate, at least 0, for every update from 1, in any order of calls."""
    claims = Claims(component, base=Schedule)
    rates = _rates(claims, rate=component.build(fixtures.SETTING), what="the rate")
    claims.that(any(rates), "every rate is 0; the weights would never change")


@contract
def check_decay(component: Decay) -> None:
    """Check a number from 0 to 1 for every update from 1, never rising."""
    claims = Claims(component, base=Decay)
    values = _rates(claims, rate=component.build(fixtures.SETTING), what="the decay")
    claims.that(max(values) <= 1, f"must be at most 1, got {max(values):g}")
    for update, (before, value) in enumerate(pairwise(values), start=2):
        claims.that(value <= before, f"rises at update {update}, from {before:g} to {value:g}")


@contract
def check_metric(component: Metric) -> None:
    """Check a finite score within its bounds; no text scores better than the reference.

    Where neither direction is better, any text may score higher or lower.
    """
    claims = Claims(component, base=Metric)
    score = component.build()
    right = [pair.target for pair in fixtures.corpus().train]
    wrong = ["quite another line", *right[1:]]
    lines = {"the references": right, "other lines": wrong, "empty lines": [""] * len(right)}
    values = {}
    for name, written in lines.items():

        def scored(written: list[str] = written) -> Any:
            return score(list(written), list(right))

        result = claims.keyed(scored, what="the score")
        claims.that(isinstance(result, Score), f"must return a Score, got {result!r:.40}")
        finite = isinstance(result.value, float) and math.isfinite(result.value)
        claims.that(finite, f"the score of {name} must be a finite number, got {result.value!r}")
        claims.that(isinstance(result.signature, str), "the signature must be text")
        low, high = component.bounds
        # A sum of parts may be off by its rounding: 100.00000000000004 is 100.
        inside = low - 1e-9 <= result.value <= high + 1e-9
        claims.that(inside, f"bounds are {low:g} to {high:g}, but {name} score {result.value:g}")
        values[name] = result.value
    up = component.higher_is_better
    best = (max if up else min)(values.values())
    claims.that(
        up is None or values["the references"] == best,
        f"higher_is_better is {up}, but {values} "
        "has a better score than that of the references themselves",
    )
    parts = component.by_sentence()
    if parts:
        rows = parts.statistics(wrong, right)
        claims.that(len(rows) == len(right), f"statistics must have {len(right)} rows")
        made = parts.score([sum(column) for column in zip(*rows, strict=True)])
        same = math.isclose(made, values["other lines"], rel_tol=1e-6, abs_tol=1e-9)
        claims.that(same, f"the sums by sentence make {made:g}, not {values['other lines']:g}")


def _rates(claims: Claims, *, rate: Rate, what: str) -> list[float]:
    """The values at every update of the budget, checked."""
    updates = range(1, fixtures.SETTING.updates + 1)
    values: list[Any] = [rate(update) for update in updates]
    for update, value in zip(updates, values, strict=True):
        number = isinstance(value, float | int) and not isinstance(value, bool)
        right = number and math.isfinite(value) and value >= 0
        claims.that(right, f"{what} at update {update} must be a number at least 0, got {value!r}")
    # A resumed run calls it first in the middle of the budget.
    backwards = [rate(update) for update in reversed(updates)]
    claims.that(values == backwards[::-1], f"{what} of an update depends on earlier calls")
    return values
