"""Optimizers: how gradients become steps."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Optimizer
from harness.hookspecs import hookimpl
from harness_optimizers.adam import Adam


@hookimpl
def harness_optimizers() -> Sequence[type[Optimizer]]:
    """The optimizers of this package."""
    return [Adam]
