"""Verdicts in words: short, exact, and never more than the numbers say."""

from __future__ import annotations

import math
from collections import Counter

from harness.analysis.pairing import Pairing
from harness.analysis.statistics import sign_flip_floor, sign_flip_p
from harness.contracts import Verdict

ALPHA = 0.05


def p_text(p: float) -> str:
    """A p value as papers print it: ``.012``, ``< .001``, ``.0625``; rounding never crosses .05."""
    if p < 0.001:
        return "< .001"
    digits = 3
    if p == round(p, 4):  # as a sign-flip test's are: a round number is shown as it is
        return f"{p:.4g}".removeprefix("0")
    while (float(f"{p:.{digits}f}") < ALPHA) != (p < ALPHA):
        digits += 1
    return f"{p:.{digits}f}".removeprefix("0")


def equals(p: float) -> str:
    """``p = .012`` or ``p < .001``."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def reason(pairing: Pairing, *, verdict: Verdict, p_adjusted: float | None, family: int) -> str:
    """Why the verdict is what it is: the seeds, the tests, and the runs that are missing."""
    n = len(pairing.pairs)
    if verdict == "no_inference":
        parts = [f"{n} complete {'pair' if n == 1 else 'pairs'}, and a test needs 2"]
    elif verdict == "identical":
        parts = [f"equal in {n} of {n} seeds"]
    elif p_adjusted is None:
        parts = [_without_spread(pairing), _sign_flip(pairing)]
    else:
        parts = [
            *_survivors(pairing, verdict=verdict, p_adjusted=p_adjusted),
            _direction(pairing),
            _tested(pairing, p_adjusted=p_adjusted, family=family),
            _sign_flip(pairing),
        ]
    return "; ".join([*parts, *_lost(pairing)])


def _direction(pairing: Pairing) -> str:
    differences = pairing.differences
    up = math.fsum(differences) >= 0
    agree = sum(value > 0 if up else value < 0 for value in differences)
    return f"{agree} of {len(differences)} seeds {'higher' if up else 'lower'}"


def _survivors(pairing: Pairing, *, verdict: Verdict, p_adjusted: float) -> list[str]:
    undecided = verdict == "inconclusive" and pairing.diverged and p_adjusted < ALPHA
    return ["better only where it did not diverge"] if undecided else []


def _without_spread(pairing: Pairing) -> str:
    n = len(pairing.pairs)
    if any(pairing.differences):
        return f"the same difference in {n} of {n} seeds, so there is no spread for a t test"
    return f"equal scores in {n} of {n} seeds, though not for the same text"


def _tested(pairing: Pairing, *, p_adjusted: float, family: int) -> str:
    test = pairing.test()
    if family == 1 or test is None:
        return equals(p_adjusted)
    holm = f"after Holm over {family} variants"
    if test.p < ALPHA <= p_adjusted:
        return f"{equals(test.p)}, but {p_text(p_adjusted)} {holm}"
    return f"{equals(p_adjusted)} {holm}"


def _sign_flip(pairing: Pairing) -> str:
    n = len(pairing.pairs)
    p, floor = sign_flip_p(pairing.differences), sign_flip_floor(n)
    text = f"sign-flip {equals(p)}"
    if p == floor:
        return f"{text}, the least that {n} seeds can reach"
    if floor >= ALPHA:
        return f"{text} (below {p_text(floor)} is not attainable with {n} seeds)"
    return text


def _lost(pairing: Pairing) -> list[str]:
    counted = Counter(pairing.lost)
    return [f"{fault} in {count} of {pairing.planned} seeds" for fault, count in counted.items()]
