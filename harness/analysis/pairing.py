"""A variant beside the baseline, seed by seed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from harness.analysis.contrasts import Contrast
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.contracts import FindingKind, Method, Outcome, SeedValues
from harness.study.values import BASELINE

_Row = tuple[RunResult | None, RunResult | None]


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The runs of a variant and of the baseline, and what one metric can make of them.

    `planned` has what the seeds came to, the baseline's run first, and `together` those of them
    that both have a comparable score. `lost` has one phrase for every run that is missing there.
    `looks` is how many of them are planned, at different numbers of seeds.
    """

    variant: str
    against: str = BASELINE
    kind: FindingKind = "variant"
    metric: ScoredMetric
    method: Method
    planned: Sequence[_Row]
    together: Sequence[tuple[RunResult, RunResult]]
    lost: Sequence[str]
    looks: int = 1

    @cached_property
    def pairs(self) -> tuple[SeedValues, ...]:
        """The scores of the complete pairs."""
        name = self.metric.name
        return tuple(
            SeedValues(ours.seed, theirs.scores[name], ours.scores[name])
            for theirs, ours in self.together
        )

    @cached_property
    def judged(self) -> tuple[Sequence[RunResult], Sequence[RunResult]]:
        """The baseline's runs and the variant's that count; Welch's method needs no pairs."""
        if self.method == "welch":
            return self._alone()
        return [theirs for theirs, _ in self.together], [ours for _, ours in self.together]

    @cached_property
    def scores(self) -> tuple[list[float], list[float]]:
        """The baseline's and the variant's."""
        baseline, variant = self.judged
        name = self.metric.name
        return [run.scores[name] for run in baseline], [run.scores[name] for run in variant]

    @cached_property
    def differences(self) -> list[float]:
        """Variant minus baseline, pair by pair."""
        return [pair.variant - pair.baseline for pair in self.pairs]

    @cached_property
    def resolution(self) -> float:
        """What rounding alone makes of equal differences."""
        largest = max((abs(score) for side in self.scores for score in side), default=0.0)
        return 8 * sys.float_info.epsilon * largest

    @property
    def n(self) -> int:
        """How many of the variant's runs count."""
        return len(self.judged[1])

    @property
    def too_few(self) -> bool:
        """Whether no test exists, whatever the scores."""
        return min(map(len, self.judged)) < 2

    @cached_property
    def identical(self) -> bool:
        """Whether no seed shows any difference, in the score or in what it judges."""
        if any(self.differences) or not self.pairs or len(self.pairs) < self.n:
            return False
        return not self.metric.of_text or all(
            same_text(theirs, ours=ours) is not False for theirs, ours in self.together
        )

    def count(self, outcome: Outcome, *, baseline: bool = False) -> int:
        """How many of the variant's runs, or of the baseline's, ended so."""
        return self._outcomes[0 if baseline else 1].count(outcome)

    @cached_property
    def _outcomes(self) -> tuple[list[Outcome], list[Outcome]]:
        theirs, ours = (
            [run.outcome for run in side if run] for side in zip(*self.planned, strict=True)
        )
        return theirs, ours

    def _alone(self) -> tuple[list[RunResult], list[RunResult]]:
        theirs, ours = (
            [run for run in side if run and run.score(self.metric.name) is not None]
            for side in zip(*self.planned, strict=True)
        )
        bases = {_basis(run, metric=self.metric) for run in theirs}
        return theirs, [run for run in ours if _basis(run, metric=self.metric) in bases]


def pair(
    contrast: Contrast,
    *,
    seeds: Sequence[int],
    metric: ScoredMetric,
    method: Method = "paired_t",
    looks: int = 1,
) -> Pairing:
    """Put the variant's runs beside the baseline's, those of the same seed together."""
    variant, against, kind, runs = contrast
    planned = [(runs.get((against, seed)), runs.get((variant, seed))) for seed in sorted(seeds)]
    if method == "welch" and _apart(planned):
        planned = _side_by_side(planned)
    names = ("the baseline", "the variant") if against == BASELINE else (against, variant)
    if kind == "effect":
        names = (f"a cell of {against}", f"a cell of {variant}")
    together: list[tuple[RunResult, RunResult]] = []
    lost: list[str] = []
    for theirs, ours in planned:
        faults = [_fault(theirs, of=names[0], metric=metric)]
        faults += [_fault(ours, of=names[1], metric=metric)]
        lost += [fault for fault in faults if fault]
        if theirs and ours and not any(faults):
            if theirs.seed != ours.seed:
                continue
            if _basis(theirs, metric=metric) == _basis(ours, metric=metric):
                together.append((theirs, ours))
            else:
                lost.append(f"scored on other {'sentences' if metric.of_text else 'tokens'}")
    return Pairing(
        variant=variant,
        against=against,
        kind=kind,
        metric=metric,
        method=method,
        planned=planned,
        together=together,
        lost=lost,
        looks=looks,
    )


def _apart(planned: Sequence[_Row]) -> bool:
    """Whether both sides have runs, and none of them the same seed."""
    return all(map(any, zip(*planned, strict=True))) and not any(map(all, planned))


def _side_by_side(planned: Sequence[_Row]) -> list[_Row]:
    """Runs that have no seed in common, so that none is missing where the other side has one."""
    sides = ([run for run in side if run] for side in zip(*planned, strict=True))
    return [*zip_longest(*sides)]


def same_text(theirs: RunResult, *, ours: RunResult) -> bool | None:
    """Whether two runs wrote the same; None where that is not known."""
    if theirs.written is None or ours.written is None:
        return None
    return theirs.written == ours.written


def _basis(run: RunResult, *, metric: ScoredMetric) -> str | None:
    # Nats per character and nats per word are no two values of one metric.
    return run.references if metric.of_text else run.tokens


def _fault(run: RunResult | None, *, of: str, metric: ScoredMetric) -> str | None:
    # Why a run has no number to offer.
    if run is None:
        return f"{of} was not run"
    if run.outcome != "finished":
        return f"{of} {run.outcome}"
    return f"{of} has no finite score" if run.score(metric.name) is None else None
