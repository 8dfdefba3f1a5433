"""A few updates of each variant: how long a run takes, and whether the variant does anything."""

from __future__ import annotations

from harness.planning.probe.estimate import Estimate, estimate
from harness.planning.probe.messages import Probed
from harness.planning.probe.no_effect import without_effect
from harness.planning.probe.processes import probe

__all__ = ["Estimate", "Probed", "estimate", "probe", "without_effect"]
