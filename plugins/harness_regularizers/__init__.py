"""Regularizers: what keeps a model from memorising."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Regularizer
from harness.hookspecs import hookimpl
from harness_regularizers.clip_norm import ClipNorm
from harness_regularizers.dropout import Dropout


@hookimpl
def harness_regularizers() -> Sequence[type[Regularizer]]:
    """The regularizers of this distribution."""
    return [Dropout, ClipNorm]
