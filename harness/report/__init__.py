"""The report of a study, for people and for programs: report.html, report.md and findings.json."""

from __future__ import annotations

from harness.report.figures import Drawing, draw
from harness.report.values import (
    Pretraining,
    Provenance,
    Report,
    SampleTranslation,
    TunedVariant,
    TuningSummary,
)
from harness.report.write import brief, write

__all__ = [
    "Drawing",
    "Pretraining",
    "Provenance",
    "Report",
    "SampleTranslation",
    "TunedVariant",
    "TuningSummary",
    "brief",
    "draw",
    "write",
]
