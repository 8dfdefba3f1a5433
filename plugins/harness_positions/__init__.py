"""Positions: how a model knows the order of its tokens."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Positions
from harness.components.sinusoidal import Sinusoidal
from harness.hookspecs import hookimpl
from harness_positions.alibi import Alibi
from harness_positions.learned import Learned
from harness_positions.none import NoPositions
from harness_positions.rotary import Rotary


@hookimpl
def harness_positions() -> Sequence[type[Positions]]:
    """The positions of this package, and the core's default."""
    return [Alibi, Learned, NoPositions, Rotary, Sinusoidal]
