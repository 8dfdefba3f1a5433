"""The contract of figures."""

from __future__ import annotations

import io
import re
from typing import Any

from harness.components import Figure
from harness.contracts import ReportView
from harness.report.style import style
from harness.testing import sample_reports
from harness.testing.claims import Claims, contract

_NARROW, _WIDE = 4.0, 5.2  # inches


@contract
def check_figure(component: Figure) -> None:
    """Check that it draws any report, readable on a phone, the same each time, leaving no trace."""
    import matplotlib.figure
    import matplotlib.pyplot  # for its list of open figures only

    claims = Claims(component, base=Figure)
    caption = " ".join((component.__doc__ or "").split())
    complete = re.fullmatch(r"[A-Z].*\.", caption)
    claims.that(complete, f"the docstring is the caption, and must be whole sentences: {caption!r}")
    before = {*matplotlib.pyplot.get_fignums()}
    for name, view in sample_reports.sample_reports().items():
        try:
            drawn = _drawn(component, view=view)
        except Exception as error:
            fault = f"cannot draw {name}: {type(error).__name__}: {error}"
            raise AssertionError(f"figure {component.name}: {fault}") from error
        right = isinstance(drawn, matplotlib.figure.Figure)
        claims.that(right, f"must return a matplotlib Figure, got {drawn!r:.40}")
        wide = _NARROW <= drawn.get_figwidth() <= _WIDE
        claims.that(wide, f"must be some 4.6 inches wide, and is {drawn.get_figwidth():g}")
    left = {*matplotlib.pyplot.get_fignums()} - before
    for number in left:
        matplotlib.pyplot.close(number)
    claims.that(not left, "draws with pyplot, which keeps figures open; make a Figure")
    settings = dict(matplotlib.rcParams)
    view = sample_reports.sample_report()
    claims.keyed(lambda: _saved(_drawn(component, view=view)), what="a picture")
    claims.that(dict(matplotlib.rcParams) == settings, "changes matplotlib's settings")


def _drawn(component: Figure, *, view: ReportView) -> Any:
    with style(component.name):
        return component.build()(view)


def _saved(drawn: Any) -> bytes:
    """The picture as a report keeps it."""
    file = io.BytesIO()
    with style("contract"):
        drawn.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()
