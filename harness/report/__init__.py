"""What was found, for people and for programs: report.html, report.md and findings.json."""

from __future__ import annotations

from harness.report.figures import Drawing, draw
from harness.report.values import Beginning, Conditions, Report, Specimen, Trials, Tuned
from harness.report.write import brief, write

__all__ = [
    "Beginning",
    "Conditions",
    "Drawing",
    "Report",
    "Specimen",
    "Trials",
    "Tuned",
    "brief",
    "draw",
    "write",
]
