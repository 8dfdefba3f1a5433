"""Slot `figures`: pictures of a report's numbers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Draw


@dataclass(frozen=True, kw_only=True)
class Figure(Component):
    """Draws a picture of a report, which keeps it as PNG and SVG and shows it in report.html.

    The docstring is the picture's caption. The drawing function is called with the report's style
    set: it makes a `matplotlib.figure.Figure` of its own, some 4.6 inches wide so that its text is
    readable on a phone, and saves nothing. It must draw any report: one seed, one variant, runs
    that diverged or are missing, findings without numbers. Black and white become the page's own
    text and background, so other colors should be readable on both light and dark. Whether to draw
    again is decided from the view, the options and the source; nothing else may show in the
    picture. An artist whose `gid` is ``hover: TEXT`` shows that text under the pointer; these texts
    and the caption are what readers who cannot see the picture are told. `short_names` of
    `harness.contracts` cuts names that no legend has room for. matplotlib and seaborn are imported
    by the function that draws.
    """

    slot: ClassVar[str] = "figures"
    hook: ClassVar[str] = "harness_figures"
    changes_results: ClassVar[bool] = False

    @abstractmethod
    def build(self) -> Draw:
        """A function of a report to a drawn `matplotlib.figure.Figure`."""
