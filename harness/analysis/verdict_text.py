"""The reason for a verdict as text, with no claim beyond its numbers."""

from __future__ import annotations

import math
from functools import partial
from statistics import median

from harness.analysis.correction import DIFFERENT, Judgment
from harness.analysis.digits import digits_text
from harness.analysis.evidence import largest_difference
from harness.analysis.losses_text import (
    MEMBERS,
    comparator,
    counted,
    few_runs,
    losses,
    shortfall,
    survivors,
)
from harness.analysis.p_values import attained, p_equation, p_text
from harness.analysis.pairing import Pairing, same_output
from harness.analysis.power import POWER, spread_interval
from harness.analysis.statistics import ALPHA


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
    lost = shortfall(
        n,
        baseline=baseline,
        planned=len(pairing.planned),
        method=pairing.method,
        kind=pairing.kind,
        of_table=pairing.of_table,
    )
    return lost or few_runs(n, method=pairing.method)


def _floor(judgment: Judgment) -> list[str]:
    if judgment.pairing.kind != "noise_floor":
        return []
    alarm = ", so that this is a false alarm" if judgment.verdict in DIFFERENT else ""
    return [f"nothing but chance differs{alarm}"]


def _too_few(pairing: Pairing) -> str:
    if pairing.method == "welch":
        sides = [counted(len(side), noun="run") for side in pairing.compared]
        against = comparator(pairing.against)
        return f"{sides[1]} against {sides[0]} of {against}, and a test needs 2 of each"
    noun = "complete seed" if pairing.kind == "effect" else "complete pair"
    return f"{counted(pairing.n, noun=noun)}, and a test needs 2"


def _reached(pairing: Pairing) -> list[str]:
    """The number of runs that reached the target of a cost, on both sides."""
    if pairing.reached is None:
        return []
    (baseline, variant), (against, own) = pairing.reached, map(len, pairing.compared)
    name = comparator(pairing.against)
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
    if any(differences) and (spread or pairing.method == "sign_test"):
        return [_agreement(pairing)]
    if any(differences):
        return [f"the same difference in {n} of {n} seeds, so there is no spread for a t test"]
    other = pairing.metric.of_text and any(
        same_output(baseline, variant=variant) is False for baseline, variant in pairing.complete
    )
    return [f"equal scores in {n} of {n} seeds{', though not for the same text' if other else ''}"]


def _agreement(pairing: Pairing) -> str:
    """The seeds that differ in the direction of most; the verdict says if that is better."""
    n, differences = pairing.n, pairing.differences
    name, center = "mean", math.fsum(differences)
    if pairing.method == "sign_test":
        name, center = "median", median(differences)
    up, down = sum(value > 0 for value in differences), sum(value < 0 for value in differences)
    higher = up > down or (up == down and center >= 0)
    agree = f"{up} of {n} seeds higher" if higher else f"{down} of {n} seeds lower"
    if pairing.method == "sign_test" and pairing.tied:
        count = "counts" if pairing.tied == 1 else "count"
        agree += f", and {pairing.tied} tied, which {count} against a difference"
    if abs(center) <= n * pairing.resolution or (center > 0) == higher:
        return agree
    return f"{agree}, though the {name} is {'lower' if higher else 'higher'}"


def _tested(judgment: Judgment) -> list[str]:
    evidence, p_adjusted = judgment.evidence, judgment.p_adjusted
    if evidence.p is None or p_adjusted is None:
        return []
    if judgment.pairing.method == "sign_test":
        return [f"sign test {_discrete(judgment, p=evidence.p, adjusted=p_adjusted)}"]
    if evidence.p_ranks is not None:
        return [_ranked(judgment, p=evidence.p_ranks, adjusted=p_adjusted)]
    if evidence.test is None:
        # It is the sign-flip test's, which `_sign_flip` reports unless it was corrected.
        flips = _discrete(judgment, p=evidence.p, adjusted=p_adjusted)
        return [] if _alone(judgment) else [f"sign-flip {flips}"]
    if evidence.p < ALPHA <= p_adjusted:
        return [_undone(judgment, p=evidence.p, adjusted=p_adjusted)]
    return [f"{p_equation(p_adjusted)} {_corrected(judgment, look=evidence.look)}".rstrip()]


def _alone(judgment: Judgment) -> bool:
    """True if no correction for the number of comparisons has changed a p of sign flips."""
    return judgment.family == 1 or judgment.evidence.p == 1


def _undone(judgment: Judgment, *, p: float, adjusted: float) -> str:
    """A p value below .05 that the correction for the number of variants has raised above it."""
    alone = f"{p_equation(p)} {_after(_looks(judgment, look=judgment.evidence.look))}".rstrip()
    text = f"{alone}, but {p_text(adjusted)} {_after(_holm(judgment))}"
    low, high = judgment.evidence.interval or (0.0, 0.0)
    if low <= 0 <= high:  # p is that of an earlier look
        return text
    number = f"the number of {MEMBERS[judgment.pairing.kind]}"
    return f"{text} (its interval, not corrected for {number}, excludes 0)"


def _ranked(judgment: Judgment, *, p: float, adjusted: float) -> str:
    pairing = judgment.pairing
    ranks, finished = pairing.ranks or [], pairing.differences
    worse = judgment.verdict == "worse"
    up = pairing.metric.higher_is_better != worse
    agree = sum((rank > 0) == up for rank in ranks if rank)
    kept, lost = (sum((value > 0) == way for value in finished if value) for way in (up, not up))
    seeds, among = f"{'worse' if worse else 'better'} in {agree}", f"{kept}"
    if judgment.verdict not in DIFFERENT:
        seeds += f" and worse in {sum((rank > 0) != up for rank in ranks if rank)}"
        among += f" and {lost}"
    seeds += f" of {len(ranks)} seeds"
    if len(finished) == 1 < len(ranks):
        way = "better" if kept != worse else "worse"
        seeds += f" ({way if kept or lost else 'equal'} in the one that both finished)"
    elif 0 < len(finished) < len(ranks):
        seeds += f" ({among} of the {len(finished)} that both finished)"
    if pairing.count("diverged") or pairing.count("diverged", baseline=True):
        seeds += ", diverged runs ranked worst"
    return f"{seeds}; signed-rank {_discrete(judgment, p=p, adjusted=adjusted)}"


def _discrete(judgment: Judgment, *, p: float, adjusted: float) -> str:
    """The p value of a test with finitely many, and what limits it."""
    pairing, evidence = judgment.pairing, judgment.evidence
    floor, least = evidence.p_floor or 0.0, judgment.p_floor_adjusted or 0.0
    attain = partial(
        attained,
        n=pairing.n if pairing.ranks is None else len(pairing.ranks),
        tied=pairing.tied,
        exact=pairing.method == "sign_test",
    )
    if judgment.family > 1 and p == floor < ALPHA:
        alone = f"{p_equation(p)} {_after(_looks(judgment, look=evidence.look))}".rstrip()
        reached = attain(alone, p=p, floor=floor)
        return f"{reached}, so {p_text(adjusted)} {_after(_holm(judgment))}"
    corrected = _corrected(judgment, look=evidence.look)
    return attain(f"{p_equation(adjusted)} {corrected}".rstrip(), p=adjusted, floor=least)


def _sign_flip(judgment: Judgment) -> list[str]:
    p, pairing = judgment.evidence.p_sign_flip, judgment.pairing
    if p is None or (judgment.evidence.test is None and not _alone(judgment)):
        return []
    looks = _after(_looks(judgment, look=judgment.evidence.sign_flip_look))
    text = f"sign-flip {p_equation(p)} {looks}".rstrip()
    if judgment.family > 1 and p < 1:
        text += f"{',' if looks else ''} without Holm"
    floor = judgment.evidence.p_floor or 0.0
    return [attained(text, p=p, floor=floor, n=pairing.n, tied=pairing.tied)]


def _margin(judgment: Judgment) -> list[str]:
    p, margin = judgment.p_equivalent_adjusted, judgment.margin
    if p is None or margin is None:
        return []
    claim = "within" if judgment.within_margin else "not shown to be within"
    corrected = _corrected(judgment, look=judgment.evidence.equivalent_look)
    where, by = "", ""
    if judgment.pairing.ranks is not None:  # which decide a difference, but not this
        where = f" over the {counted(judgment.pairing.n, noun='seed')} that both finished"
        by = " by t tests"
    tested = f"equivalence {p_equation(p)}{by} {corrected}".rstrip()
    return [f"{claim} the margin of {margin:g}{where} ({tested})"]


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
    low, high = (factor * evidence.detectable for factor in spread_interval(evidence.test.df))
    detected, least, most = (
        digits_text(value, digits=2) for value in (evidence.detectable, low, high)
    )
    if high > largest_difference(judgment.pairing):
        most = f"more than {judgment.pairing.metric.name} can have,"
    shown = f"a difference of {detected} {condition}"
    return [f"{shown} ({least} to {most} over its 95% interval)"]


def _corrected(judgment: Judgment, *, look: Pairing | None) -> str:
    """The corrections that a p value of this look has had, as the end of a clause."""
    several, looks = _holm(judgment), _looks(judgment, look=look)
    if looks and judgment.dropped:
        return f"after {several}, and {looks}"
    return _after(" and ".join(text for text in (several, looks) if text))


def _after(correction: str) -> str:
    return f"after {correction}" if correction else ""


def _holm(judgment: Judgment) -> str:
    """The correction for the number of comparisons; empty if there is one."""
    members = MEMBERS[judgment.pairing.kind]
    several = f"Holm over {judgment.family} {members}" if judgment.family > 1 else ""
    if judgment.dropped:
        several += f", of which {dropped_text(judgment.dropped)}"
    return several


def _looks(judgment: Judgment, *, look: Pairing | None) -> str:
    """The correction for looks of a p value that this one gave; empty if there is one look."""
    latest = judgment.pairing
    look = look or latest
    if look.looks == 1:
        return ""
    text = f"a factor of {look.looks}" if latest.added_look else f"{look.looks} looks"
    if look.added_look:
        text = f"a factor of {look.looks} for an added look"
    earlier = _earlier(judgment, look=look)
    return f"{text} ({earlier})" if earlier else text


def _earlier(judgment: Judgment, *, look: Pairing | None) -> str:
    """The look that gave a p value, if it is not the latest."""
    if look is None or len(look.planned) == len(judgment.pairing.planned):
        return ""
    return f"at the look after {len(look.planned)} seeds"


def dropped_text(dropped: int) -> str:
    """The number of comparisons that were dropped, as the end of a clause."""
    return f"{dropped} {'was' if dropped == 1 else 'were'} dropped after results were seen"
