from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.report_views import Draws

from harness.report.style import style


@pytest.fixture
def draws() -> Iterator[Draws]:
    """Draws a figure in the style of a report."""
    with style("test"):
        yield lambda figure, view: figure.build()(view)
