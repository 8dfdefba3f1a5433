"""From evidence to a verdict: corrected for all variants of the study, whatever became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.analysis.evidence import Evidence, gather_evidence
from harness.analysis.interim import Looked, at_any_look
from harness.analysis.pairing import Pairing
from harness.analysis.permutation import max_t_p
from harness.analysis.statistics import ALPHA, holm
from harness.contracts import Verdict


@dataclass(frozen=True, kw_only=True)
class Judgment:
    """One variant on one metric; `family` is how many variants it was corrected for.

    `p_adjusted` and `p_equivalent_adjusted` are Holm's, `p_max_t` the joint sign-flip test's; None
    where there is no p.
    """

    pairing: Pairing
    evidence: Evidence
    family: int
    margin: float | None
    p_adjusted: float | None
    p_equivalent_adjusted: float | None
    p_max_t: float | None

    @property
    def apart(self) -> bool:
        """Whether the difference is not 0."""
        return self.p_adjusted is not None and self.p_adjusted < ALPHA

    @property
    def within(self) -> bool:
        """Whether the difference is within the margin."""
        return self.p_equivalent_adjusted is not None and self.p_equivalent_adjusted < ALPHA

    @property
    def survived(self) -> bool:
        """Whether the variant never diverged."""
        return self.pairing.count("diverged") == 0

    @property
    def verdict(self) -> Verdict:
        """What these runs show."""
        if self.pairing.too_few:
            return "no_inference"
        if self.pairing.identical:
            return "identical"
        if self.apart and _up(self.evidence) != self.pairing.metric.higher_is_better:
            return "worse"
        # What holds over the seeds that survived says nothing of those that did not.
        if not self.survived:
            return "inconclusive"
        if self.apart:
            return "better"
        return "equivalent" if self.within else "inconclusive"


def judge(looked: Sequence[Looked], *, margin: float | None) -> list[Judgment]:
    """One family on one metric; a comparison that cannot be tested counts with p = 1."""
    family = len(looked)
    pairings = [each.now for each in looked]
    weighed = [_over_looks(each, margin=margin, family=family) for each in looked]
    adjusted = _holm([each.p for each in weighed])
    equivalent = _holm([each.p_equivalent for each in weighed])
    joint = max_t_p(
        [
            _flipped(pairing, evidence=evidence)
            for pairing, evidence in zip(pairings, weighed, strict=True)
        ]
    )
    return [
        Judgment(
            pairing=pairing,
            evidence=evidence,
            family=family,
            margin=margin,
            p_adjusted=p_adjusted,
            p_equivalent_adjusted=p_equivalent,
            p_max_t=None if evidence.p_sign_flip is None or pairing.looks > 1 else p_max_t,
        )
        for pairing, evidence, p_adjusted, p_equivalent, p_max_t in zip(
            pairings, weighed, adjusted, equivalent, joint, strict=True
        )
    ]


def _over_looks(looked: Looked, *, margin: float | None, family: int) -> Evidence:
    """The evidence as it stands, its p values as they hold at whichever look was the last."""
    now, looks = gather_evidence(looked.now, margin=margin, family=family), looked.now.looks
    if looks == 1:
        return now
    counted = [gather_evidence(each, margin=margin, family=family) for each in looked.counted]
    # A look at which the difference pointed the other way is no evidence for where it points now.
    agreed = [each for each in counted if _up(each) == _up(now)]
    return replace(
        now,
        p=at_any_look([each.p for each in agreed], planned=looks),
        p_equivalent=at_any_look([each.p_equivalent for each in counted], planned=looks),
        p_sign_flip=at_any_look([each.p_sign_flip for each in agreed], planned=looks),
        p_floor=at_any_look([now.p_floor], planned=looks),
    )


def _up(evidence: Evidence) -> bool:
    return (evidence.difference or 0.0) > 0


def _holm(values: Sequence[float | None]) -> list[float | None]:
    adjusted = holm([1.0 if value is None else value for value in values])
    return [
        None if value is None else corrected
        for value, corrected in zip(values, adjusted, strict=True)
    ]


def _flipped(pairing: Pairing, *, evidence: Evidence) -> dict[int, float]:
    """The differences that the joint test flips; identical runs have none."""
    if evidence.p_sign_flip is None:
        return {}
    return {each.seed: each.variant - each.baseline for each in pairing.pairs}
