"""Counts of a model's parameters, and of those that are trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from harness.contracts import ParameterGroup


class Counts(NamedTuple):
    """The numbers of all and of trained parameters, and the shapes of all."""

    parameters: int
    trained_parameters: int
    shapes: Mapping[str, tuple[int, ...]]


def counts(
    parameters: Mapping[str, torch.nn.Parameter],
    *,
    groups: Sequence[ParameterGroup],
    updates: int,
) -> Counts:
    """Count parameters; one is trained unless its multiple is 0 in every update of the budget."""
    trained = [
        name for group in groups if _is_trained(group, updates=updates) for name in group.names
    ]
    return Counts(
        parameters=sum(parameter.numel() for parameter in parameters.values()),
        trained_parameters=sum(parameters[name].numel() for name in trained),
        shapes={name: tuple(parameter.shape) for name, parameter in parameters.items()},
    )


def _is_trained(group: ParameterGroup, *, updates: int) -> bool:
    # Over the whole budget, since gradual unfreezing begins with most groups at 0.
    return any(group.multiple(update) for update in range(1, updates + 1))
