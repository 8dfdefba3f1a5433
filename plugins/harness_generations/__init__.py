"""Generations: how a trained model writes."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Generation
from harness.hookspecs import hookimpl
from harness_generations.greedy import Greedy


@hookimpl
def harness_generations() -> Sequence[type[Generation]]:
    """The generations of this distribution."""
    return [Greedy]
