"""P values as text, and the least that a test can reach."""

from __future__ import annotations

from harness.analysis.permutation import EXACT_UP_TO, FLIPS
from harness.analysis.statistics import ALPHA


def p_text(p: float) -> str:
    """A p value as papers print it: ``.012``, ``< .001``, ``.0625``; rounding never crosses .05."""
    if p < 0.001:
        return "< .001"
    if 0.9995 <= p < 1:  # rounded, it would be an exact 1
        return "> .999"
    digits = 3
    if p == round(p, 4):  # such as a sign-flip test's: a round number is shown exactly
        return f"{p:.4g}".removeprefix("0")
    while (float(f"{p:.{digits}f}") < ALPHA) != (p < ALPHA):
        digits += 1
    return f"{p:.{digits}f}".removeprefix("0")


def p_equation(p: float) -> str:
    """A p value as an equation: ``p = .012`` or ``p < .001``."""
    text = p_text(p)
    return f"p {text}" if text.startswith(("<", ">")) else f"p = {text}"


def attained(
    text: str, *, p: float, floor: float, n: int, tied: int = 0, exact: bool = False
) -> str:
    """A test's p value with the `floor` that limits it, if it does; `n` seeds were tested.

    In `tied` of them both sides were equal. A test that is not `exact` samples beyond so many.
    """
    if tied == n:
        return f"{text}, as all {n} seeds are tied"
    seeds = f"{n} seeds, {tied} of them tied," if tied else f"{n} seeds"
    if floor >= ALPHA:
        return f"{text} (below {p_text(floor)} is not attainable with {seeds.rstrip(',')})"
    if p != floor:
        return text
    if n > EXACT_UP_TO and not exact:
        return f"{text}, the least that {FLIPS:,} draws can show"
    return f"{text}, the least that {seeds} can reach"
