from __future__ import annotations

from dataclasses import dataclass
from html import unescape
from pathlib import Path

from matplotlib.figure import Figure as Drawn
from support import report_views

from harness.components import Figure
from harness.contracts import Draw, ReportView
from harness.report import draw
from harness.report.hover import titles, with_titles


@dataclass(frozen=True, kw_only=True)
class Told(Figure):
    """A line that says what it is."""

    name = "told"

    def build(self) -> Draw:
        def drawn(view: ReportView) -> Drawn:
            figure = Drawn(figsize=(1, 1))
            axes = figure.subplots()
            axes.plot([0, 1], gid="hover: a < b & 'c'")
            axes.plot([1, 0], gid='hover: "d"')
            return figure

        return drawn


def test_an_artist_with_a_text_shows_it_and_no_other_does(tmp_path: Path) -> None:
    (drawing,) = draw([Told()], view=report_views.view(variants=1), folder=tmp_path)
    assert drawing.svg
    text = drawing.svg.read_text("utf-8")
    assert text.count("<g><title>") == 2
    assert "hover:" not in text
    assert [unescape(title) for title in titles(text)] == ["a < b & 'c'", '"d"']


def test_a_text_cannot_leave_its_title() -> None:
    escaped = "&lt;/title&gt;&lt;script&gt;"
    assert with_titles(f'<g id="hover: {escaped}">') == f"<g><title>{escaped}</title>"
    assert with_titles('<g id="line2d_1">') == '<g id="line2d_1">'
