"""A variant beside the baseline, seed by seed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.results import RunResult, ScoredMetric
from harness.analysis.statistics import PairedT, paired_t
from harness.contracts import SeedValues
from harness.study import BASELINE

DIVERGED = "the variant diverged"

Runs = Mapping[tuple[str, int], RunResult]  # by variant and seed


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The complete pairs on one metric, and why the others are not complete.

    `lost` has one phrase for every run that a pair lacks. `same_text` is False when some pair is
    known to have written different things.
    """

    variant: str
    metric: ScoredMetric
    planned: int
    pairs: tuple[SeedValues, ...]
    lost: tuple[str, ...]
    same_text: bool

    @property
    def differences(self) -> list[float]:
        """Variant minus baseline, seed by seed."""
        return [pair.variant - pair.baseline for pair in self.pairs]

    @property
    def identical(self) -> bool:
        """Whether no seed shows any difference, in the score or in what it judges."""
        equal = all(pair.variant == pair.baseline for pair in self.pairs)
        return equal and (self.same_text or not self.metric.of_text)

    @property
    def diverged(self) -> bool:
        """Whether the variant diverged in some seed."""
        return DIVERGED in self.lost

    def test(self) -> PairedT | None:
        """The t test of the pairs; None when they are too few or differ by rounding alone."""
        largest = max((abs(score) for pair in self.pairs for score in pair[1:]), default=0.0)
        return paired_t(self.differences, resolution=8 * sys.float_info.epsilon * largest)


def pair(runs: Runs, *, variant: str, seeds: Sequence[int], metric: ScoredMetric) -> Pairing:
    """Put the variant's runs beside the baseline's of the same seeds."""
    pairs: list[SeedValues] = []
    lost: list[str] = []
    same_text = True
    for seed in seeds:
        theirs, ours = runs.get((BASELINE, seed)), runs.get((variant, seed))
        faults = {
            "baseline": _fault(theirs, metric=metric.name),
            "variant": _fault(ours, metric=metric.name),
        }
        lost += [f"the {side} {fault}" for side, fault in faults.items() if fault]
        if theirs and ours and not any(faults.values()):
            if not _comparable(theirs, ours=ours, metric=metric):
                lost.append(f"scored on other {'sentences' if metric.of_text else 'tokens'}")
                continue
            values = theirs.scores[metric.name], ours.scores[metric.name]
            pairs.append(SeedValues(seed, *values))
            same_text &= theirs.written == ours.written or None in (theirs.written, ours.written)
    return Pairing(
        variant=variant,
        metric=metric,
        planned=len(seeds),
        pairs=tuple(pairs),
        lost=tuple(lost),
        same_text=same_text,
    )


def _comparable(theirs: RunResult, *, ours: RunResult, metric: ScoredMetric) -> bool:
    # Nats per character and nats per word are no two values of one metric.
    if metric.of_text:
        return theirs.references == ours.references
    return theirs.tokens == ours.tokens


def _fault(run: RunResult | None, *, metric: str) -> str | None:
    # Why a run has no number to offer.
    if run is None:
        return "was not run"
    if run.outcome != "finished":
        return run.outcome
    return "has no finite score" if run.score(metric) is None else None
