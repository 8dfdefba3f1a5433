"""Signs in the scores of two sides that tests of their means may be wrong more often than 5%."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from harness.analysis.digits import digits_text
from harness.analysis.pairing import Pairing
from harness.analysis.statistics import deviation

_CONSISTENT = 1.4826  # makes the median absolute deviation that of a normal distribution
_FEWEST = 4  # of fewer runs than this, none is an exception
_ALPHA = 0.01  # of the test that spreads are equal


def noise_caution(pairing: Pairing) -> str:
    """The runs far from the others of their side, and spreads that differ, as a clause; or empty.

    With skewed noise, or rare collapses, of unequal spread on both sides, tests that a mean
    difference is 0 reject it more often than their level says.
    """
    if pairing.kind == "effect" or pairing.identical:  # an effect's sides mix several variants
        return ""
    names = (pairing.against, pairing.variant)
    sides = zip(names, pairing.compared, pairing.scores, strict=True)
    outliers = (
        _outliers(name, seeds=[run.seed for run in runs], scores=scores)
        for name, runs, scores in sides
    )
    found = [clause for clauses in outliers for clause in clauses]
    return "; ".join([*found, *_spreads(pairing)])


def outlying(scores: Sequence[float]) -> list[int]:
    """The indices of scores far from the median, in median absolute deviations (Hampel 1974).

    The bound falls with n from 13 robust deviations at five scores to 4, so that some 2% of samples
    of normal noise have one beyond it. None among fewer than four, or if most are equal.
    """
    n = len(scores)
    if n < _FEWEST:
        return []
    center = median(scores)
    distances = [abs(score - center) for score in scores]
    bound = (4 + 225 / n**2) * _CONSISTENT * median(distances)
    return [index for index, distance in enumerate(distances) if distance > bound > 0]


def _outliers(name: str, *, seeds: Sequence[int], scores: Sequence[float]) -> Iterator[str]:
    center = median(scores) if scores else 0.0
    for below in (True, False):
        far = [index for index in outlying(scores) if (scores[index] < center) == below]
        if far:
            runs = f"{len(far)} of {len(scores)} runs of {name}"
            digits = _digits([scores[index] for index in far[:3]], center=center)
            middle, *values = (
                digits_text(value, digits=digits)
                for value in (center, *(scores[index] for index in far[:3]))
            )
            where = ", ".join(
                f"{value} on seed {seeds[index]}" for index, value in zip(far, values, strict=False)
            )
            more = " and others" if len(far) > 3 else ""
            way = "below" if below else "above"
            verb = "is" if len(far) == 1 else "are"
            yield f"{runs} {verb} far {way} their median of {middle} ({where}{more})"


def _digits(far: Sequence[float], *, center: float) -> int:
    """At least four digits; more where fewer would write a score like the median."""
    largest = max(abs(center), *map(abs, far))
    least = min(abs(score - center) for score in far)
    return max(4, 2 + math.floor(math.log10(largest)) - math.floor(math.log10(least)))


def _spreads(pairing: Pairing) -> Iterator[str]:
    """The ratio of standard deviations, if the F test of equal variances is below .01."""
    from scipy.special import fdtrc

    baseline, variant = pairing.scores
    if min(len(baseline), len(variant)) < _FEWEST:
        return
    spreads = deviation(variant), deviation(baseline)
    if min(spreads) <= pairing.resolution:
        return
    sides = [(pairing.variant, len(variant)), (pairing.against, len(baseline))]
    if spreads[0] < spreads[1]:
        sides.reverse()
    (wider, n_wider), (narrower, n_narrower) = sides
    times = max(spreads) / min(spreads)
    if 2 * float(fdtrc(n_wider - 1, n_narrower - 1, times**2)) < _ALPHA:
        yield f"scores of {wider} spread {times:.1f} times as widely as those of {narrower}"
