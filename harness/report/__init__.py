"""What was found, for people and for programs: report.html, report.md and findings.json."""

from __future__ import annotations

from harness.report.contents import Beginning, Change, Report, Specimen, Trials, Tuned
from harness.report.drawing import Drawing, draw
from harness.report.writing import brief, write

__all__ = [
    "Beginning",
    "Change",
    "Drawing",
    "Report",
    "Specimen",
    "Trials",
    "Tuned",
    "brief",
    "draw",
    "write",
]
