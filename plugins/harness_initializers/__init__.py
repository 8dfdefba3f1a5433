"""Initializers: the weights before training."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Initializer
from harness.hookspecs import hookimpl
from harness_initializers.xavier_uniform import XavierUniform


@hookimpl
def harness_initializers() -> Sequence[type[Initializer]]:
    """The initializers of this package."""
    return [XavierUniform]
