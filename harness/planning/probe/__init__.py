"""Probes: a few updates of each variant, for times, for memory, and for options without effect."""

from __future__ import annotations

from harness.planning.probe.estimate import Estimate, estimate
from harness.planning.probe.messages import ProbeResult
from harness.planning.probe.no_effect import without_effect
from harness.planning.probe.processes import probe

__all__ = [
    "Estimate",
    "ProbeResult",
    "estimate",
    "probe",
    "without_effect",
]
