"""The smallest effect that a study can show, and the seeds that an expected effect needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from harness.analysis.power import detectable, pooled_sd, seeds_for, spread_interval
from harness.analysis.sign_test import sign_detectable, sign_seeds_for
from harness.analysis.statistics import ALPHA
from harness.contracts import Method
from harness.report import Report
from harness.study.values import BASELINE, Study

_SHARED_BASELINE = 0.5  # the correlation of two variants' differences from it, as noisy as they


@dataclass(frozen=True, kw_only=True)
class PowerQuestion:
    """An expected effect and standard deviation, in the metric's own unit.

    The deviation is that of the paired differences or, where a study is unpaired, of the scores.
    """

    effect: float | None = None
    sd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A standard deviation, and the seeds that the expected effect needs where it is the true one.

    One of results has `freedom` degrees and a 95% `interval`, and `needed` is for a mean power of
    80% over what the true one may be; one that was given has neither, and is taken as exact.
    """

    sd: float
    freedom: float | None = None
    interval: tuple[float, float] | None = None
    needed: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The effects that so many seeds can show on the primary metric, with a power of 80%.

    Pairs of numbers are for a level of .05 and for the strictest level of the correction, .05 over
    the `family`: comparisons (Holm's first step), times looks. Effects are in standard deviations
    of the paired differences (of the scores, where a study is unpaired); times the `spread`, in the
    metric's own unit. The spread is given or, from results, that of all variants together, with
    those of variants that have results of their own in `spreads`; None without either.
    """

    metric: str
    paired: bool
    seeds: int
    family: int
    # None where nothing can be shown: one seed, or a sign test at a level below its least p.
    detectable: tuple[float, float | None] | None
    spread: Spread | None = None
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    effect: float | None = None


def resolution(study: Study, *, question: PowerQuestion, report: Report | None) -> Resolution:
    """The resolution of the planned seeds; a `report` on runs that exist gives the spread."""
    paired, method = study.compare.method != "welch", study.compare.method
    seeds, family = len(study.seeds), _family(study)
    levels = (ALPHA, ALPHA / family)
    samples = _samples(report, paired=paired) if report and not question.sd else {}
    # Paired differences have the baseline in common, so together they know less than one by one.
    pooled = pooled_sd(samples.values(), correlation=_SHARED_BASELINE if paired else 0.0)
    spread = partial(_spread, effect=question.effect, levels=levels, method=method)
    own = {name: spread(pooled_sd([sample])) for name, sample in samples.items()}
    return Resolution(
        metric=study.compare.primary,
        paired=paired,
        seeds=seeds,
        family=family,
        detectable=_smallest(seeds, levels=levels, method=method) if seeds > 1 else None,
        spread=spread((question.sd, None) if question.sd else pooled),
        spreads={name: known for name, known in own.items() if known} if len(own) > 1 else {},
        effect=question.effect,
    )


def _spread(
    estimate: tuple[float, float | None] | None,
    *,
    effect: float | None,
    levels: tuple[float, float],
    method: Method,
) -> Spread | None:
    """A spread with its degrees of freedom, or as given; None if it is unknown or 0."""
    sd, freedom = estimate or (0.0, None)
    if not sd:
        return None
    known = math.inf if freedom is None else freedom
    low, high = (factor * sd for factor in spread_interval(known))
    return Spread(
        sd=sd,
        freedom=freedom,
        interval=None if freedom is None else (low, high),
        needed=_needed(effect / sd, levels=levels, method=method, freedom=known)
        if effect
        else None,
    )


def _family(study: Study) -> int:
    """The number of tests on one metric that are corrected together."""
    variants = len(study.variants) - len(study.design.noise_floor)
    pairs = variants * (variants - 1) // 2
    # A study of nothing but noise corrects over that; otherwise noise floors cost no power.
    plain = variants - 1 or len(study.design.noise_floor)
    comparisons = pairs if study.compare.against == "each" else plain
    strictest = max(study.design.look_factors.values(), default=1)
    return max(1, comparisons + len(study.design.dropped)) * strictest


def _smallest(
    seeds: int, *, levels: tuple[float, float], method: Method
) -> tuple[float, float | None] | None:
    if method == "sign_test":
        shown = sign_detectable(seeds, alpha=levels[0])
        return None if shown is None else (shown, sign_detectable(seeds, alpha=levels[1]))
    paired = method == "paired_t"
    plain, strictest = (detectable(seeds, alpha=alpha, paired=paired) for alpha in levels)
    return plain, strictest


def _needed(
    effect: float, *, levels: tuple[float, float], method: Method, freedom: float
) -> tuple[int, int]:
    if method == "sign_test":  # for the spread as it is given or seen
        return sign_seeds_for(effect, alpha=levels[0]), sign_seeds_for(effect, alpha=levels[1])
    paired = method == "paired_t"
    plain, strictest = (
        seeds_for(effect, alpha=alpha, paired=paired, freedom=freedom) for alpha in levels
    )
    return plain, strictest


def _samples(report: Report, *, paired: bool) -> Mapping[str, Sequence[float]]:
    """On the primary metric, each variant's differences or, unpaired, every variant's scores."""
    if paired:
        return {
            finding.variant: [pair.variant - pair.baseline for pair in finding.per_seed]
            for finding in report.on_primary
            if finding.against == BASELINE
            and finding.kind != "effect"
            # Identical runs are a fact, and no sample of noise.
            and finding.verdict != "identical"
        }
    metric = report.primary.name
    return {
        variant: [
            value
            for result in report.results
            if result.variant == variant and (value := result.score(metric)) is not None
        ]
        for variant in report.variants
    }
