"""Decays: probabilities that fall over training, such as that of a gold token."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Decay
from harness.hookspecs import hookimpl
from harness_decays.constant import Constant
from harness_decays.exponential import Exponential
from harness_decays.inverse_sigmoid import InverseSigmoid
from harness_decays.linear import Linear


@hookimpl
def harness_decays() -> Sequence[type[Decay]]:
    """The decays of this package."""
    return [Constant, Exponential, InverseSigmoid, Linear]
