"""The runs of a variant and of the baseline, paired by seed."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from harness.analysis.contrasts import Contrast
from harness.analysis.costs import SeedRuns, jointly_scored, reached
from harness.analysis.inputs import RunResult, ScoredMetric, ToTarget
from harness.analysis.missing_runs import OTHER_SENTENCES, OTHER_TOKENS, MissingRun, fault_of
from harness.analysis.worst_ranks import signed_ranks
from harness.contracts import Diverged, FindingKind, Method, Outcome, SeedValues
from harness.study.values import BASELINE


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The runs of a variant and of the baseline, as one metric compares them.

    `planned` has the two runs of every seed, the baseline's first, `scored` the same runs with the
    scores by which this metric compares them, and `complete` those pairs of them in which both have
    a comparable score. `losses` has a fault for every run that is missing from those. `looks` is
    the factor of p at this look: the number of planned looks, or more at one that was added when
    results had been seen (`added_look`). `diverged` says what a run that diverged counts as. Runs
    `of_table` were never planned: those that the table has are `planned`, and likewise those of two
    studies that share no seed.
    """

    variant: str
    against: str = BASELINE
    kind: FindingKind = "variant"
    metric: ScoredMetric
    method: Method
    planned: Sequence[SeedRuns]
    scored: Sequence[SeedRuns]
    complete: Sequence[tuple[RunResult, RunResult]]
    losses: Sequence[MissingRun]
    looks: int = 1
    diverged: Diverged = "excluded"
    added_look: bool = False
    of_table: bool = False

    @cached_property
    def pairs(self) -> tuple[SeedValues, ...]:
        """The scores of the complete pairs."""
        name = self.metric.name
        return tuple(
            SeedValues(variant.seed, baseline.scores[name], variant.scores[name])
            for baseline, variant in self.complete
        )

    @cached_property
    def compared(self) -> tuple[Sequence[RunResult], Sequence[RunResult]]:
        """The baseline's runs and the variant's that count; Welch's method needs no pairs."""
        if self.method == "welch":
            return self._unpaired()
        return [baseline for baseline, _ in self.complete], [run for _, run in self.complete]

    @cached_property
    def scores(self) -> tuple[list[float], list[float]]:
        """The scores of the baseline's runs and of the variant's that count."""
        baseline, variant = self.compared
        name = self.metric.name
        return [run.scores[name] for run in baseline], [run.scores[name] for run in variant]

    @cached_property
    def differences(self) -> list[float]:
        """Variant minus baseline, pair by pair."""
        return [pair.variant - pair.baseline for pair in self.pairs]

    @cached_property
    def resolution(self) -> float:
        """The rounding error of a difference: equal differences may vary by this much."""
        largest = max((abs(score) for side in self.scores for score in side), default=0.0)
        # A few units in the last place: two scores and their difference are each rounded.
        return 8 * sys.float_info.epsilon * largest

    @property
    def other_tokens(self) -> bool:
        """True if runs of this metric are not compared, only as their text has other tokens."""
        return not self.metric.across_tokens and any(
            baseline is not None
            and variant is not None
            and baseline.references is not None
            and baseline.references == variant.references
            and baseline.tokens != variant.tokens
            for baseline, variant in self.planned
        )

    @property
    def tied(self) -> int:
        """The number of pairs, or of ranks, in which both sides are equal."""
        if self.ranks is not None:
            return self.ranks.count(0.0)
        # The sign test takes differences as they are.
        rounding = 0.0 if self.method == "sign_test" else self.resolution
        return sum(abs(value) <= rounding for value in self.differences)

    @property
    def n(self) -> int:
        """The number of the variant's runs that count."""
        return len(self.compared[1])

    @cached_property
    def reached(self) -> tuple[int, int] | None:
        """The baseline's runs that reached the metric's target, and the variant's; else None."""
        if not isinstance(self.metric.rule, ToTarget):
            return None
        baseline, variant = self.compared
        return (
            reached(baseline, planned=self.planned, metric=self.metric),
            reached(variant, planned=self.planned, metric=self.metric),
        )

    @property
    def censored(self) -> bool:
        """True if some run counts without having reached the metric's target."""
        return self.reached is not None and sum(self.reached) < sum(map(len, self.compared))

    @property
    def too_few(self) -> bool:
        """True if there are too few runs for any test."""
        # No spread can be estimated from one.
        return min(map(len, self.compared if self.ranks is None else [self.ranks])) < 2

    @cached_property
    def ranks(self) -> list[float] | None:
        """Signed ranks of the differences, of runs that diverged too; None unless they rank."""
        up = self.metric.higher_is_better
        if self.diverged != "worst" or up is None:  # without a direction, nothing is worst
            return None
        worst = -math.inf if up else math.inf
        by_seed = {pair.seed: pair.variant - pair.baseline for pair in self.pairs}
        differences = [
            by_seed.get(baseline.seed, _rank_difference(baseline, variant=variant, worst=worst))
            for baseline, variant in self.planned
            if baseline and variant
        ]
        known = [value for value in differences if value is not None]
        return signed_ranks(known, resolution=self.resolution)

    @cached_property
    def identical(self) -> bool:
        """True if every pair is known to be one and the same, and no run diverged.

        Equal scores do not suffice: rounded, they are equal by chance.
        """
        # By Welch's method runs without a partner count too, and those are compared with nothing
        # here.
        partial = len(self.pairs) < max(map(len, self.compared))
        if any(self.differences) or not self.pairs or partial or self.censored:
            return False
        diverged = self.count("diverged") + self.count("diverged", baseline=True)
        return not diverged and (self.same_outputs or self.same_weights)

    @property
    def same_outputs(self) -> bool:
        """True if both runs of every pair are known to have written the same."""
        return all(same_output(baseline, variant=variant) for baseline, variant in self.complete)

    @property
    def same_weights(self) -> bool:
        """True if both runs of every pair have the same weights, and those alone are scored."""
        return not self.metric.of_text and all(
            baseline.training is not None and baseline.training == variant.training
            for baseline, variant in self.complete
        )

    def count(self, outcome: Outcome, *, baseline: bool = False) -> int:
        """The number of the variant's runs, or of the baseline's, with this outcome."""
        return self._outcomes[0 if baseline else 1].count(outcome)

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of the baseline's runs that have ended, and of the variant's."""
        baseline, variant = self._outcomes
        return len(baseline), len(variant)

    @property
    def ended_pairs(self) -> int:
        """The number of seeds on which both runs finished or diverged, as McNemar's test counts."""
        return sum(all(run and run.outcome != "failed" for run in runs) for runs in self.planned)

    @cached_property
    def _outcomes(self) -> tuple[list[Outcome], list[Outcome]]:
        baseline, variant = (
            [run.outcome for run in side if run] for side in zip(*self.planned, strict=True)
        )
        return baseline, variant

    def _unpaired(self) -> tuple[list[RunResult], list[RunResult]]:
        baseline, variant = (
            [run for run in side if run and run.score(self.metric.name) is not None]
            for side in zip(*self.scored, strict=True)
        )
        if not baseline:
            return baseline, variant  # nothing to be scored unlike
        bases = {_basis(run, metric=self.metric) for run in baseline}
        return baseline, [run for run in variant if _basis(run, metric=self.metric) in bases]


def pair(
    contrast: Contrast,
    *,
    seeds: Sequence[int],
    metric: ScoredMetric,
    method: Method = "paired_t",
    looks: int = 1,
    diverged: Diverged = "excluded",
) -> Pairing:
    """Pair the variant's runs with the baseline's of the same seed."""
    variant, against, kind, runs, of_table = contrast
    names = _names(contrast)
    planned = [(runs.get((against, seed)), runs.get((variant, seed))) for seed in sorted(seeds)]
    if method == "welch" and (of_table or _share_no_seed(planned)):
        # Two studies' runs need not have a seed in common, and then none is missing.
        planned, of_table = _align(planned), True
    complete: list[tuple[RunResult, RunResult]] = []
    losses: list[MissingRun] = []
    scored = jointly_scored(planned, metric=metric, paired=method != "welch")
    for baseline_run, variant_run in scored:
        faults = [
            MissingRun(fault, side if run else None)
            for side, run in enumerate((baseline_run, variant_run))
            if (fault := fault_of(run, name=names[side], metric=metric, of_table=of_table))
            # Where a table pairs nothing, a side is not longer than it was meant to be.
            and (run or method != "welch" or not of_table)
        ]
        losses += faults
        if baseline_run and variant_run and not faults:
            if baseline_run.seed != variant_run.seed:  # aligned above, for the counts only
                continue
            if _basis(baseline_run, metric=metric) == _basis(variant_run, metric=metric):
                complete.append((baseline_run, variant_run))
            else:
                losses.append(OTHER_SENTENCES if metric.across_tokens else OTHER_TOKENS)
    return Pairing(
        variant=variant,
        against=against,
        kind=kind,
        metric=metric,
        method=method,
        planned=planned,
        scored=scored,
        complete=complete,
        losses=losses,
        looks=looks,
        diverged=diverged,
        of_table=of_table,
    )


def _names(contrast: Contrast) -> tuple[str, str]:
    """Both sides' names, as subjects of a clause."""
    variant, against, kind, *_ = contrast
    if kind == "effect":
        return f"a cell of {against}", f"a cell of {variant}"
    return ("the baseline", "the variant") if against == BASELINE else (against, variant)


def _rank_difference(baseline: RunResult, *, variant: RunResult, worst: float) -> float | None:
    """The difference of a pair in which a run diverged; None for any other."""
    outcomes = baseline.outcome, variant.outcome
    by_outcome = {
        ("finished", "diverged"): worst,
        ("diverged", "finished"): -worst,
        ("diverged", "diverged"): 0.0,
    }
    return by_outcome.get(outcomes)


def _share_no_seed(planned: Sequence[SeedRuns]) -> bool:
    """True if both sides have runs, but not for any common seed."""
    return all(map(any, zip(*planned, strict=True))) and not any(map(all, planned))


def _align(planned: Sequence[SeedRuns]) -> list[SeedRuns]:
    """Line up runs without a partner, so that no run counts as missing on the other side."""
    partners = [pair for pair in planned if all(pair)]
    single = [pair for pair in planned if not all(pair)]
    sides = ([run for run in side if run] for side in zip(*single, strict=True))
    return [*partners, *zip_longest(*sides)]


def same_output(baseline: RunResult, *, variant: RunResult) -> bool | None:
    """True if both runs wrote the same text; None if that is not known."""
    if baseline.output_digest is None or variant.output_digest is None:
        return None
    return baseline.output_digest == variant.output_digest


def _basis(run: RunResult, *, metric: ScoredMetric) -> str | None:
    # Scores on other tokens are not comparable: nats per character are not nats per word.
    return run.references if metric.across_tokens else run.tokens
