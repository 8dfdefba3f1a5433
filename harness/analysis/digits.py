"""Numbers in sentences, with as many digits as they deserve."""

from __future__ import annotations

_EXPONENT = 1e7  # from here on, whole numbers are too long to read


def digits_text(value: float, *, digits: int) -> str:
    """A number rounded to so many digits: ``140``, where ``g`` would have ``1.4e+02``."""
    text = f"{value:.{digits}g}"
    whole = "e+" in text and abs(float(text)) < _EXPONENT
    return f"{float(text):.0f}" if whole else text
