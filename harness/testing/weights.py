"""Contracts of initializers, parameter groups and optimizers."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch

from harness.components import Initializer, Optimizer, ParameterGroups
from harness.contracts import MakeOptimizer
from harness.testing import fixtures
from harness.testing.claims import Claims, contract, same

_RATE = 0.01


@contract
def check_initializer(component: Initializer) -> None:
    """Check that every parameter is filled in place, from the key of its own name."""
    claims = Claims(component, base=Initializer)
    whole = claims.keyed(lambda: _initialized(component), what="a weight")
    for name, weight in whole.items():
        claims.finite(weight, what=f"every element of {name}, filled in place,")
    for name, weight in _initialized(component, within="decoder.").items():
        claims.that(
            same(weight, whole[name]),
            f"{name} depends on what is in the encoder; draw from generator_of(name)",
        )


def _initialized(component: Initializer, *, within: str = "") -> dict[str, torch.Tensor]:
    """The initial weights whose names contain `within`, initialized without the others."""
    initialize = component.build(fixtures.SETTING)
    parameters = fixtures.model().named_parameters()
    named = {name: parameter for name, parameter in parameters if within in name}
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.fill_(math.nan)  # shows any element that is not filled
            initialize(name, parameter, fixtures.generator_of())
    return {name: parameter.detach() for name, parameter in named.items()}


@contract
def check_parameter_groups(component: ParameterGroups) -> None:
    """Check that every name is in exactly one group, with a finite multiple at least 0."""
    claims = Claims(component, base=ParameterGroups)
    names = [name for name, _ in fixtures.model().named_parameters()]
    groups = component.build(fixtures.SETTING)(list(names))
    named = [name for group in groups for name in group.names]
    for name in names:
        count = named.count(name)
        claims.that(count == 1, f"{name} must be in exactly one group, and is in {count}")
    claims.that(len(named) == len(names), f"no parameters: {sorted({*named} - {*names})}")
    for group in groups:
        for update in (1, 2, fixtures.SETTING.updates):
            multiple: Any = group.multiple(update)
            right = isinstance(multiple, float | int) and 0 <= multiple < math.inf
            claims.that(right, f"a multiple must be a number at least 0, got {multiple!r}")


@contract
def check_optimizer(component: Optimizer) -> None:
    """Check a torch optimizer that keeps the groups, moves weights, and resumes to the bit."""
    claims = Claims(component, base=Optimizer)
    make = component.build(fixtures.SETTING)
    made = fixtures.model()
    parameters = list(made.parameters())
    optimizer = make([{"params": parameters[:3]}, {"params": parameters[3:]}])
    is_torch = isinstance(optimizer, torch.optim.Optimizer)
    claims.that(is_torch, f"must make a torch.optim.Optimizer, got {optimizer!r:.40}")
    sizes = [len(group["params"]) for group in optimizer.param_groups]
    claims.that(sizes == [3, len(parameters) - 3], "must keep the groups as given")
    whole = claims.keyed(lambda: _stepped(make, interrupted=False), what="a step")
    before = fixtures.weights(fixtures.model())
    for name, weight in whole.items():
        claims.finite(weight, what=f"{name} after a step")
    claims.that(not same(whole, before), "moves no weight")
    claims.that(
        same(whole, _stepped(make, interrupted=True)),
        "must resume from state_dict() to the same bits; is something kept outside its state?",
    )


def _stepped(make: MakeOptimizer, *, interrupted: bool) -> dict[str, torch.Tensor]:
    """The weights after four steps, or after two, a resume and two more."""
    made = fixtures.model()
    optimizer = make([{"params": list(made.parameters())}])
    for step in range(4):
        if interrupted and step == 2:
            # Copied, as `state_dict` refers to the tensors that the next step changes.
            state = copy.deepcopy(optimizer.state_dict())
            optimizer = make([{"params": list(made.parameters())}])
            optimizer.load_state_dict(state)
        fixtures.gradients(made)
        for group in optimizer.param_groups:
            group["lr"] = _RATE / (1 + step)
        optimizer.step()
    return fixtures.weights(made)
