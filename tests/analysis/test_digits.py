from __future__ import annotations

import pytest

from harness.analysis.digits import digits_text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (142.0, 2, "140"),
        (99.7, 2, "100"),
        (-1234567.0, 2, "-1200000"),
        (1.42, 2, "1.4"),
        (0.0142, 2, "0.014"),
        (123456.0, 4, "123500"),
        (9.99e6, 2, "1e+07"),
        (3e30, 2, "3e+30"),
        (1.4e-9, 2, "1.4e-09"),
    ],
)
def test_numbers_that_can_be_read_have_no_exponent(value: float, digits: int, text: str) -> None:
    assert digits_text(value, digits=digits) == text
