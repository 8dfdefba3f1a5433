"""Learning rate schedules."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Schedule
from harness.hookspecs import hookimpl
from harness_schedules.constant import Constant
from harness_schedules.cosine_restarts import CosineRestarts
from harness_schedules.exponential import Exponential
from harness_schedules.inverse_time import InverseTime
from harness_schedules.noam import Noam
from harness_schedules.one_cycle import OneCycle
from harness_schedules.piecewise_constant import PiecewiseConstant
from harness_schedules.slanted_triangular import SlantedTriangular
from harness_schedules.warmup_constant import WarmupConstant
from harness_schedules.warmup_cosine import WarmupCosine
from harness_schedules.warmup_inverse_square_root import WarmupInverseSquareRoot
from harness_schedules.warmup_linear import WarmupLinear
from harness_schedules.warmup_stable_decay import WarmupStableDecay


@hookimpl
def harness_schedules() -> Sequence[type[Schedule]]:
    """The schedules of this package."""
    return [
        Constant,
        CosineRestarts,
        Exponential,
        InverseTime,
        Noam,
        OneCycle,
        PiecewiseConstant,
        SlantedTriangular,
        WarmupConstant,
        WarmupCosine,
        WarmupInverseSquareRoot,
        WarmupLinear,
        WarmupStableDecay,
    ]
