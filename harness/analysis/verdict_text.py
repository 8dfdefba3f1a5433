"""The reason for a verdict as text, with no claim beyond its numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from statistics import median

from harness.analysis.correction import Judgment
from harness.analysis.pairing import Pairing
from harness.analysis.permutation import sign_flip_floor
from harness.analysis.power import POWER
from harness.analysis.statistics import ALPHA
from harness.contracts import FindingKind
from harness.study.values import BASELINE

_MEMBERS: Mapping[FindingKind, str] = {
    "variant": "variants",
    "pair": "pairs",
    "effect": "effects",
    "noise_floor": "variants that change nothing",
}


def p_text(p: float) -> str:
    """A p value as papers print it: ``.012``, ``< .001``, ``.0625``; rounding never crosses .05."""
    if p < 0.001:
        return "< .001"
    digits = 3
    if p == round(p, 4):  # such as a sign-flip test's: a round number is shown exactly
        return f"{p:.4g}".removeprefix("0")
    while (float(f"{p:.{digits}f}") < ALPHA) != (p < ALPHA):
        digits += 1
    return f"{p:.{digits}f}".removeprefix("0")


def p_equation(p: float) -> str:
    """A p value as an equation: ``p = .012`` or ``p < .001``."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def reason(judgment: Judgment) -> str:
    """The reason for a verdict: the seeds, the tests, and the runs that are missing."""
    pairing, verdict = judgment.pairing, judgment.verdict
    if verdict == "no_inference":
        parts = [_too_few(pairing)]
    elif verdict == "identical":
        parts = [f"equal in {len(pairing.pairs)} of {len(pairing.pairs)} seeds"]
    else:
        parts = [
            *_survivors(judgment),
            *_seeds(pairing, spread=judgment.evidence.test is not None),
            *_tested(judgment),
            *_sign_flip(judgment),
            *_margin(judgment),
            *_detectable(judgment),
        ]
    return "; ".join([*_floor(judgment), *parts, *_lost(judgment)])


def _floor(judgment: Judgment) -> list[str]:
    if judgment.pairing.kind != "noise_floor":
        return []
    alarm = ", so that this is a false alarm" if judgment.verdict in ("better", "worse") else ""
    return [f"nothing but chance differs{alarm}"]


def _too_few(pairing: Pairing) -> str:
    if pairing.method == "welch":
        sides = [_counted(len(side), noun="run") for side in pairing.compared]
        against = "the baseline" if pairing.against == BASELINE else pairing.against
        return f"{sides[1]} against {sides[0]} of {against}, and a test needs 2 of each"
    return f"{_counted(pairing.n, noun='complete pair')}, and a test needs 2"


def _survivors(judgment: Judgment) -> list[str]:
    if judgment.never_diverged or judgment.verdict == "worse":
        return []
    if judgment.differs:
        return ["better only where it did not diverge"]
    return ["equivalent only where it did not diverge"] if judgment.within_margin else []


def _seeds(pairing: Pairing, *, spread: bool) -> list[str]:
    if pairing.method == "welch":
        return [] if spread else ["no spread on either side for a t test"]
    n, differences = pairing.n, pairing.differences
    if spread or pairing.method == "sign_test":
        # In the direction of the mean: whether that is for the better, the verdict says.
        center = median(differences) if pairing.method == "sign_test" else math.fsum(differences)
        up = center >= 0
        agree = sum(value > 0 if up else value < 0 for value in differences)
        return [f"{agree} of {n} seeds {'higher' if up else 'lower'}"]
    if any(differences):
        return [f"the same difference in {n} of {n} seeds, so there is no spread for a t test"]
    return [f"equal scores in {n} of {n} seeds, though not for the same text"]


def _tested(judgment: Judgment) -> list[str]:
    evidence, p_adjusted = judgment.evidence, judgment.p_adjusted
    if evidence.p is None or p_adjusted is None:
        return []
    if judgment.pairing.method == "sign_test":
        text = f"sign test {p_equation(p_adjusted)} {_holm(judgment)}".rstrip()
        pairing = judgment.pairing
        return [_attained(text, p=evidence.p, n=pairing.n, looks=pairing.looks)]
    if evidence.test is None and (judgment.family == 1 or evidence.p == 1):
        return []  # it is the sign-flip test's, which `_sign_flip` reports
    if evidence.test and evidence.p < ALPHA <= p_adjusted:
        corrected = f"{p_equation(evidence.p)}, but {p_text(p_adjusted)} {_holm(judgment)}"
        return [f"{corrected} (its interval, which is not corrected, excludes 0)"]
    return [f"{p_equation(p_adjusted)} {_holm(judgment)}".rstrip()]


def _sign_flip(judgment: Judgment) -> list[str]:
    p, pairing = judgment.evidence.p_sign_flip, judgment.pairing
    text = "" if p is None else f"sign-flip {p_equation(p)}"
    return [] if p is None else [_attained(text, p=p, n=pairing.n, looks=pairing.looks)]


def _attained(text: str, *, p: float, n: int, looks: int = 1) -> str:
    """A sign-flip p value with the floor that limits it, if it does."""
    floor = min(1.0, looks * sign_flip_floor(n))
    if floor >= ALPHA:
        return f"{text} (below {p_text(floor)} is not attainable with {n} seeds)"
    return f"{text}, the least that {n} seeds can reach" if p == floor else text


def _margin(judgment: Judgment) -> list[str]:
    p, margin = judgment.p_equivalent_adjusted, judgment.margin
    if p is None or margin is None:
        return []
    claim = "within" if judgment.within_margin else "not shown to be within"
    tested = f"equivalence {p_equation(p)} {_holm(judgment)}".rstrip()
    return [f"{claim} the margin of {margin:g} ({tested})"]


def _detectable(judgment: Judgment) -> list[str]:
    detectable = judgment.evidence.detectable
    if detectable is None or judgment.verdict != "inconclusive" or judgment.differs:
        return []
    return [f"a difference of {detectable:.2g} would show with {POWER:.0%} power"]


def _holm(judgment: Judgment) -> str:
    """The correction that p values have had, as the end of a clause."""
    pairing = judgment.pairing
    several = f"Holm over {judgment.family} {_MEMBERS[pairing.kind]}" if judgment.family > 1 else ""
    looks = f"{pairing.looks} looks" if pairing.looks > 1 else ""
    both = " and ".join(text for text in (several, looks) if text)
    return f"after {both}" if both else ""


def _lost(judgment: Judgment) -> list[str]:
    pairing = judgment.pairing
    planned = len(pairing.planned)
    counted = Counter(pairing.losses)
    lost = [f"{fault} in {count} of {planned} seeds" for fault, count in counted.items()]
    p = judgment.evidence.p_diverged
    if p is None:
        return lost
    if pairing.method == "welch":
        return [*lost, f"diverges as often as the baseline: Fisher {p_equation(p)}"]
    tested = f"diverges as often as the baseline: McNemar {p_equation(p)}"
    return [*lost, _attained(tested, p=p, n=planned)]


def _counted(n: int, *, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
