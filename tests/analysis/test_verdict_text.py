from __future__ import annotations

import pytest

from harness.analysis import p_text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1"),
        (0.4321, ".4321"),
        (0.43214, ".432"),
        (0.0121888, ".012"),
        (0.0625, ".0625"),
        (0.25, ".25"),
        (0.000999, "< .001"),
        (0.0, "< .001"),
    ],
)
def test_p_is_printed_as_papers_do(p: float, text: str) -> None:
    assert p_text(p) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.04923, ".049"), (0.049973, ".04997"), (0.05003, ".050")]
)
def test_rounding_never_takes_p_across_the_bound(p: float, text: str) -> None:
    assert p_text(p) == text
