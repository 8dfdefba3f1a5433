"""How many parameters a model has, and how many of them learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from harness.contracts import ParameterGroup


class Counts(NamedTuple):
    """The numbers in a model's parameters, of those that learn, and the shapes they have."""

    parameters: int
    trained_parameters: int
    shapes: Mapping[str, tuple[int, ...]]


def counts(
    parameters: Mapping[str, torch.nn.Parameter],
    *,
    groups: Sequence[ParameterGroup],
    updates: int,
) -> Counts:
    """Count them by name; one learns unless its rate is 0 in every update of the budget."""
    learning = [name for group in groups if _learns(group, updates=updates) for name in group.names]
    return Counts(
        parameters=sum(each.numel() for each in parameters.values()),
        trained_parameters=sum(parameters[name].numel() for name in learning),
        shapes={name: tuple(each.shape) for name, each in parameters.items()},
    )


def _learns(group: ParameterGroup, *, updates: int) -> bool:
    return any(group.multiple(update) for update in range(1, updates + 1))
