"""Initializers of the weights."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Initializer
from harness.hookspecs import hookimpl
from harness_initializers.annotated_transformer import AnnotatedTransformer
from harness_initializers.he_normal import HeNormal
from harness_initializers.he_uniform import HeUniform
from harness_initializers.normal import Normal
from harness_initializers.scaled_residuals import ScaledResiduals
from harness_initializers.truncated_normal import TruncatedNormal
from harness_initializers.xavier_normal import XavierNormal
from harness_initializers.xavier_uniform import XavierUniform


@hookimpl
def harness_initializers() -> Sequence[type[Initializer]]:
    """The initializers of this package."""
    return [
        AnnotatedTransformer,
        HeNormal,
        HeUniform,
        Normal,
        ScaledResiduals,
        TruncatedNormal,
        XavierNormal,
        XavierUniform,
    ]
