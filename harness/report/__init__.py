"""What was found, for people and for programs: report.html, report.md and findings.json."""

from __future__ import annotations

from harness.report.contents import (
    Beginning,
    Change,
    Conditions,
    Fairness,
    Report,
    Sharing,
    Specimen,
    Trials,
    Tuned,
)
from harness.report.drawing import Drawing, draw
from harness.report.writing import brief, write

__all__ = [
    "Beginning",
    "Change",
    "Conditions",
    "Drawing",
    "Fairness",
    "Report",
    "Sharing",
    "Specimen",
    "Trials",
    "Tuned",
    "brief",
    "draw",
    "write",
]
