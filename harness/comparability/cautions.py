"""Cautions about one experiment: choices that together do something else than their names say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.study.experiment import Experiment

if TYPE_CHECKING:
    from harness.contracts import ParameterGroup
    from harness.training.network import Network

_MOST_GROUPS = 6  # that a message names before it counts the rest


def cautions(experiment: Experiment, *, network: Network) -> Iterator[str]:
    """Averages that keep the beginning of a short budget; decay that ignores groups."""
    updates = experiment.budget.updates
    average = experiment.averaging if updates else None  # an untrained model has nothing to average
    if average and (caution := average.caution(updates=updates)):
        yield f"averaging {caution}"
    shrinking = [
        name
        for name, part in zip(experiment.regularizers, network.regularizations, strict=True)
        if part.modify_weights
    ]
    if not shrinking or experiment.parameter_groups is None:
        return
    slower = [text for group in network.groups if (text := _multiple(group, updates=updates))]
    if slower:
        rest = len(slower) - _MOST_GROUPS
        more = f" and {rest} more" if rest > 0 else ""
        yield (
            f"{' and '.join(shrinking)} changes weights at the schedule's rate, whatever the "
            f"multiple of their group in {experiment.parameter_groups.name} "
            f"({', '.join(slower[:_MOST_GROUPS])}{more}); adamw's own decay follows the groups"
        )


def _multiple(group: ParameterGroup, *, updates: int) -> str:
    """A group by its first parameter and its last multiple; empty if it is 1 wherever it learns."""
    multiples = {group.multiple(update) for update in range(1, updates + 1)} - {0.0, 1.0}
    if not multiples:
        return ""
    place = ".".join(group.names[0].split(".")[:2])
    return f"{place} {group.multiple(updates):.3g}"
