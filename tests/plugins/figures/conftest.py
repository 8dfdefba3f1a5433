from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.report_views import Draws

from harness.report.style import style


@pytest.fixture
def draws() -> Iterator[Draws]:
    """Draws as a report does: in its style."""
    with style("test"):
        yield lambda figure, view: figure.build()(view)
