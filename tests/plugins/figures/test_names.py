"""Figures name the variants that they compare."""

from __future__ import annotations

import re
from pathlib import Path

from support import report_views

from harness.report import draw
from harness_figures import harness_figures


def test_variants_are_named_in_searchable_text(tmp_path: Path) -> None:
    others = {"trend", "interactions", "p_values"}  # these show values, levels and p values
    figures = [component() for component in harness_figures() if component.name not in others]
    for drawing in draw(figures, view=report_views.view(), folder=tmp_path):
        assert drawing.svg
        texts = re.findall(r"<text[^>]*>([^<]*)<", drawing.svg.read_text("utf-8"))
        assert {"one", "two"} <= set(texts)
