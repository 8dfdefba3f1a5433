"""From evidence to a verdict, with p values corrected over the planned variants of the study.

Every planned variant counts, including those whose runs failed or diverged: leaving them out
afterward would make the correction depend on the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.analysis.evidence import Evidence, gather_evidence
from harness.analysis.interim import InterimAnalyses, decisive_look, p_over_looks
from harness.analysis.pairing import Pairing
from harness.analysis.permutation import max_t_p
from harness.analysis.statistics import ALPHA, holm
from harness.contracts import Verdict

# The verdicts that claim a difference.
DIFFERENT: tuple[Verdict, ...] = ("better", "worse", "higher", "lower")


@dataclass(frozen=True, kw_only=True)
class Judgment:
    """One variant on one metric; `family` is the number of variants that p is corrected over.

    `dropped` of them were compared before, and are no more.

    `p_adjusted` and `p_equivalent_adjusted` are Holm's, `p_max_t` is the joint sign-flip test's;
    None if there is no p value. `p_floor_adjusted` is the least that `p_adjusted` can be.
    """

    pairing: Pairing
    evidence: Evidence
    family: int
    dropped: int
    margin: float | None
    p_adjusted: float | None
    p_floor_adjusted: float | None
    p_equivalent_adjusted: float | None
    p_max_t: float | None

    @property
    def differs(self) -> bool:
        """True if the hypothesis of no difference is rejected."""
        return self.p_adjusted is not None and self.p_adjusted < ALPHA

    @property
    def within_margin(self) -> bool:
        """True if the difference is shown to lie within the margin."""
        return self.p_equivalent_adjusted is not None and self.p_equivalent_adjusted < ALPHA

    @property
    def claim(self) -> Verdict:
        """The verdict that what was observed speaks for, whether it is significant or not."""
        positive = _is_positive(self.pairing, evidence=self.evidence)
        up = self.pairing.metric.higher_is_better
        if up is None:
            return "higher" if positive else "lower"
        return "better" if positive == up else "worse"

    @property
    def survivors(self) -> tuple[bool, bool]:
        """True for the baseline, and for the variant, if only runs that did not diverge are judged.

        Nothing of the kind where diverged runs rank worst: they are judged too.
        """
        if self.pairing.ranks is not None and self.differs:
            return False, False
        diverged = [self.pairing.count("diverged", baseline=side) > 0 for side in (True, False)]
        return diverged[0], diverged[1]

    @property
    def verdict(self) -> Verdict:
        """The verdict that the evidence supports."""
        if self.pairing.too_few:
            return "no_inference"
        if self.pairing.identical:
            return "identical"
        # Results over the seeds that survived say nothing about those that diverged, which can only
        # add to what the other side has gained, if one direction is better.
        baseline, variant = self.survivors
        doubtful = {"better": variant, "worse": baseline}.get(self.claim, baseline or variant)
        if self.differs and not doubtful:
            return self.claim
        if self.differs or baseline or variant:
            return "inconclusive"
        return "equivalent" if self.within_margin else "inconclusive"


def judge(
    family: Sequence[InterimAnalyses], *, margin: float | None, dropped: int = 0
) -> list[Judgment]:
    """Judge one family on one metric; a comparison without a test enters Holm's with p = 1.

    So do those that were `dropped`: who had the best of ten variants in view has seen all ten.
    """
    size = len(family) + dropped
    pairings = [analyses.latest for analyses in family]
    evidences = [_over_looks(analyses, margin=margin, family=size) for analyses in family]
    missing = [None] * dropped
    adjusted = _holm([*(evidence.p for evidence in evidences), *missing])[: len(family)]
    # Holm's p falls with every p of the family, so that with all at their floors it is the least.
    floors = _holm([*(_floor(evidence) for evidence in evidences), *missing])
    equivalent = _holm([*(evidence.p_equivalent for evidence in evidences), *missing])
    joint = max_t_p(
        [
            _flippable_differences(pairing, evidence=evidence)
            for pairing, evidence in zip(pairings, evidences, strict=True)
        ],
        resolutions=[pairing.resolution for pairing in pairings],
    )
    return [
        Judgment(
            pairing=pairing,
            evidence=evidence,
            family=size,
            dropped=dropped,
            margin=margin,
            p_adjusted=p_adjusted,
            p_floor_adjusted=p_floor,
            p_equivalent_adjusted=p_equivalent,
            # The joint distribution over several looks is unknown, so max-T is for one look only,
            # and for all variants.
            p_max_t=None
            if evidence.p_sign_flip is None or pairing.looks > 1 or dropped
            else p_max_t,
        )
        for pairing, evidence, p_adjusted, p_floor, p_equivalent, p_max_t in zip(
            pairings,
            evidences,
            adjusted,
            floors[: len(family)],
            equivalent[: len(family)],
            joint,
            strict=True,
        )
    ]


def _floor(evidence: Evidence) -> float | None:
    """The least p of the test that decides; None without a test."""
    if evidence.p is None:
        return None
    continuous = evidence.test is not None and evidence.p_ranks is None
    return 0.0 if continuous else evidence.p_floor


def _over_looks(analyses: InterimAnalyses, *, margin: float | None, family: int) -> Evidence:
    """The latest evidence, with p values that are valid at whichever look was the last."""
    latest = analyses.latest
    evidence = gather_evidence(latest, margin=margin, family=family)
    if latest.looks == 1:
        return evidence
    looks = analyses.completed
    completed = [gather_evidence(look, margin=margin, family=family) for look in looks]
    # A difference of the other sign at an earlier look is no evidence for the present one.
    positive = _is_positive(latest, evidence=evidence)
    same_sign = [
        earlier if _is_positive(look, evidence=earlier) == positive else Evidence()
        for look, earlier in zip(looks, completed, strict=True)
    ]
    factors = [look.looks for look in looks]
    p = [earlier.p for earlier in same_sign]
    p_ranks = [earlier.p_ranks for earlier in same_sign]
    p_sign_flip = [earlier.p_sign_flip for earlier in same_sign]
    # Equivalence has no sign to change, so every look counts.
    p_equivalent = [earlier.p_equivalent for earlier in completed]
    floors = [earlier.p_floor for earlier in completed]
    return replace(
        evidence,
        p=p_over_looks(p, factors=factors),
        p_ranks=p_over_looks(p_ranks, factors=factors),
        p_equivalent=p_over_looks(p_equivalent, factors=factors),
        p_sign_flip=p_over_looks(p_sign_flip, factors=factors),
        p_floor=p_over_looks(floors, factors=factors),
        look=decisive_look(p, looks=looks),
        sign_flip_look=decisive_look(p_sign_flip, looks=looks),
        equivalent_look=decisive_look(p_equivalent, looks=looks),
    )


def _is_positive(pairing: Pairing, *, evidence: Evidence) -> bool:
    if pairing.ranks is not None:
        return sum(pairing.ranks) > 0
    return (evidence.difference or 0.0) > 0


def _holm(values: Sequence[float | None]) -> list[float | None]:
    # What cannot be tested stays in the family: the others' p must not depend on who failed.
    adjusted = holm([1.0 if value is None else value for value in values])
    return [
        None if value is None else corrected
        for value, corrected in zip(values, adjusted, strict=True)
    ]


def _flippable_differences(pairing: Pairing, *, evidence: Evidence) -> dict[int, float]:
    """The differences by seed that the joint test flips; none for identical runs."""
    if evidence.p_sign_flip is None:
        return {}
    return {pair.seed: pair.variant - pair.baseline for pair in pairing.pairs}
