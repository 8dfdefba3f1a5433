"""The reason for a verdict as text, with no claim beyond its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from harness.analysis.correction import DIFFERENT, Judgment
from harness.analysis.losses_text import losses, survivors
from harness.analysis.p_values import attained, p_equation, p_text
from harness.analysis.pairing import Pairing, same_output
from harness.analysis.permutation import sign_flip_floor
from harness.analysis.power import POWER, spread_interval
from harness.analysis.statistics import ALPHA
from harness.contracts import FindingKind, Method
from harness.study.values import BASELINE

_MEMBERS: Mapping[FindingKind, str] = {
    "variant": "variants",
    "pair": "pairs",
    "effect": "effects",
    "noise_floor": "variants that change nothing",
}


def reason(judgment: Judgment) -> str:
    """The reason for a verdict: the seeds, the tests, and the runs that are missing."""
    pairing, verdict = judgment.pairing, judgment.verdict
    if verdict == "no_inference":
        parts = [_too_few(pairing)]
    elif verdict == "identical":
        shared = "outputs" if pairing.same_outputs else "weights"
        parts = [f"the same {shared} in {pairing.n} of {pairing.n} seeds"]
    else:
        parts = [
            *survivors(judgment),
            *_reached(pairing),
            *([] if pairing.ranks else _seeds(pairing, spread=judgment.evidence.test is not None)),
            *_tested(judgment),
            *_sign_flip(judgment),
            *_margin(judgment),
            *_detectable(judgment),
        ]
    text = "; ".join([*_floor(judgment), *parts, *losses(judgment)])
    basis = "" if verdict == "no_inference" else _basis(pairing)
    return f"{basis}: {text}" if basis else text


def _basis(pairing: Pairing) -> str:
    n = pairing.n if pairing.ranks is None else len(pairing.ranks)
    baseline = len(pairing.compared[0]) if pairing.method == "welch" else n
    planned = len(pairing.planned)
    lost = shortfall(
        n, baseline=baseline, planned=planned, method=pairing.method, kind=pairing.kind
    )
    return lost or few_seeds(n)


def shortfall(n: int, *, baseline: int, planned: int, method: Method, kind: FindingKind) -> str:
    """The runs that a verdict rests on, where they are fewer than were planned; else empty."""
    if method == "welch":
        sides = f"{n} of {planned} planned runs against {baseline} of {planned}"
        return f"from {sides}" if min(n, baseline) < planned else ""
    unit = "seeds" if kind == "effect" else "pairs"
    return f"from {n} of {planned} planned {unit}" if n < planned else ""


def few_seeds(n: int) -> str:
    """``two seeds only`` where agreement of all seeds would be no evidence; else empty."""
    return {1: "one seed only", 2: "two seeds only", 3: "three seeds only"}.get(n, "")


def _floor(judgment: Judgment) -> list[str]:
    if judgment.pairing.kind != "noise_floor":
        return []
    alarm = ", so that this is a false alarm" if judgment.verdict in DIFFERENT else ""
    return [f"nothing but chance differs{alarm}"]


def _too_few(pairing: Pairing) -> str:
    if pairing.method == "welch":
        sides = [_counted(len(side), noun="run") for side in pairing.compared]
        against = "the baseline" if pairing.against == BASELINE else pairing.against
        return f"{sides[1]} against {sides[0]} of {against}, and a test needs 2 of each"
    return f"{_counted(pairing.n, noun='complete pair')}, and a test needs 2"


def _reached(pairing: Pairing) -> list[str]:
    """The number of runs that reached the target of a cost, on both sides."""
    if pairing.reached is None:
        return []
    (baseline, variant), (against, own) = pairing.reached, map(len, pairing.compared)
    name = "the baseline" if pairing.against == BASELINE else pairing.against
    text = f"reached the target in {variant} of {own} runs, {name} in {baseline} of {against}"
    if not pairing.censored:
        return [text]
    untested = ", which leaves no test of runs that are not paired"
    return [text + (untested if pairing.method == "welch" else "")]


def _seeds(pairing: Pairing, *, spread: bool) -> list[str]:
    if pairing.censored:
        return []
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
    other = pairing.metric.of_text and any(
        same_output(baseline, variant=variant) is False for baseline, variant in pairing.complete
    )
    return [f"equal scores in {n} of {n} seeds{', though not for the same text' if other else ''}"]


def _tested(judgment: Judgment) -> list[str]:
    evidence, p_adjusted = judgment.evidence, judgment.p_adjusted
    if evidence.p is None or p_adjusted is None:
        return []
    if judgment.pairing.method == "sign_test":
        text = f"sign test {p_equation(p_adjusted)} {_holm(judgment)}".rstrip()
        floor = evidence.p_floor or 0.0
        return [attained(text, p=evidence.p, floor=floor, n=judgment.pairing.n)]
    if evidence.p_ranks is not None:
        return [_ranked(judgment, p=evidence.p_ranks, adjusted=p_adjusted)]
    if evidence.test is None and (judgment.family == 1 or evidence.p == 1):
        return []  # it is the sign-flip test's, which `_sign_flip` reports
    if evidence.test and evidence.p < ALPHA <= p_adjusted:
        corrected = f"{p_equation(evidence.p)}, but {p_text(p_adjusted)} {_holm(judgment)}"
        return [f"{corrected} (its interval, which is not corrected, excludes 0)"]
    return [f"{p_equation(p_adjusted)} {_holm(judgment)}".rstrip()]


def _ranked(judgment: Judgment, *, p: float, adjusted: float) -> str:
    pairing = judgment.pairing
    ranks = pairing.ranks or []
    better = sum((rank > 0) == pairing.metric.higher_is_better for rank in ranks if rank)
    tested = f"{p_equation(adjusted)} {_holm(judgment)}".rstrip()
    finished = pairing.differences
    kept = sum((value > 0) == pairing.metric.higher_is_better for value in finished if value)
    seeds = f"better in {better} of {len(ranks)} seeds"
    if 0 < len(finished) < len(ranks):
        seeds += f" ({kept} of the {len(finished)} that both finished)"
    text = f"{seeds}, diverged runs ranked worst; {tested}"
    return attained(text, p=p, floor=sign_flip_floor(sum(map(bool, ranks))), n=len(ranks))


def _sign_flip(judgment: Judgment) -> list[str]:
    p, pairing = judgment.evidence.p_sign_flip, judgment.pairing
    if p is None:
        return []
    floor = min(1.0, pairing.looks * sign_flip_floor(pairing.n))
    return [attained(f"sign-flip {p_equation(p)}", p=p, floor=floor, n=pairing.n)]


def _margin(judgment: Judgment) -> list[str]:
    p, margin = judgment.p_equivalent_adjusted, judgment.margin
    if p is None or margin is None:
        return []
    claim = "within" if judgment.within_margin else "not shown to be within"
    tested = f"equivalence {p_equation(p)} {_holm(judgment)}".rstrip()
    return [f"{claim} the margin of {margin:g} ({tested})"]


def _detectable(judgment: Judgment) -> list[str]:
    evidence = judgment.evidence
    if judgment.verdict != "inconclusive" or judgment.differs:
        return []
    condition = f"would show with {POWER:.0%} power if the spread is as seen"
    if evidence.beyond_range:
        return [f"no difference that {judgment.pairing.metric.name} can have {condition}"]
    if evidence.detectable is None or evidence.test is None:
        return []
    # The spread is an estimate: of three seeds, the true one may be six times as large.
    low, high = (
        f"{factor * evidence.detectable:.2g}" for factor in spread_interval(evidence.test.df)
    )
    shown = f"a difference of {evidence.detectable:.2g} {condition}"
    return [f"{shown} ({low} to {high} over its 95% interval)"]


def _holm(judgment: Judgment) -> str:
    """The correction that p values have had, as the end of a clause."""
    pairing = judgment.pairing
    several = f"Holm over {judgment.family} {_MEMBERS[pairing.kind]}" if judgment.family > 1 else ""
    if judgment.dropped:
        several += f", of which {dropped_text(judgment.dropped)}"
    looks = f"{pairing.looks} looks" if pairing.looks > 1 else ""
    if pairing.added_look:
        looks = f"a factor of {pairing.looks} for an added look"
    if pairing.looks > 1 and judgment.dropped:
        return f"after {several}, and {looks}"
    both = " and ".join(text for text in (several, looks) if text)
    return f"after {both}" if both else ""


def dropped_text(dropped: int) -> str:
    """The number of comparisons that were dropped, as the end of a clause."""
    return f"{dropped} {'was' if dropped == 1 else 'were'} dropped after results were seen"


def _counted(n: int, *, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
