"""Reports with invented numbers, and the type of the fixture that draws figures of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.components import Figure
from harness.contracts import ReportView
from harness.testing.sample_reports import METRIC, NAMES, UPDATES, nll
from harness.testing.sample_reports import sample_report as view
from harness.testing.sample_reports import sample_score as score

Draws = Callable[[Figure, ReportView], Any]  # the fixture `draws`: returns what matplotlib drew

__all__ = ["METRIC", "NAMES", "UPDATES", "Draws", "nll", "score", "view"]
