"""A few updates of each variant: how long a run takes, and whether the variant does anything."""

from __future__ import annotations

from harness.probing.estimating import Estimate, estimate
from harness.probing.probed import Probed
from harness.probing.processes import probe
from harness.probing.watching import without_effect

__all__ = ["Estimate", "Probed", "estimate", "probe", "without_effect"]
