"""Normalizations of a model's states."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Normalization
from harness.components.layer_norm import LayerNorm
from harness.hookspecs import hookimpl
from harness_normalizations.rms_norm import RmsNorm


@hookimpl
def harness_normalizations() -> Sequence[type[Normalization]]:
    """The normalizations of this package, and the core's default."""
    return [LayerNorm, RmsNorm]
