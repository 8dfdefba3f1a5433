"""The smallest effect that a study can show, and the seeds that a wished-for effect needs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.power import detectable, pooled_sd, seeds_for
from harness.analysis.statistics import ALPHA
from harness.report import Report
from harness.study.values import BASELINE, Study


@dataclass(frozen=True, kw_only=True)
class PowerQuestion:
    """An effect that somebody hopes to see, in the metric's own unit, and the spread to expect."""

    effect: float | None = None
    sd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What so many seeds can show on the primary metric, with a power of 80%.

    Pairs of numbers are for a level of .05 and for the strictest that is asked, .05 over the
    `family`: comparisons (Holm's first step), times looks. Effects are in standard deviations of
    the paired differences (of the scores, where a study is unpaired); times `sd`, in the metric's
    own unit. `sd` is given or, with `freedom` degrees, from results; None where there are none.
    """

    metric: str
    paired: bool
    seeds: int
    family: int
    detectable: tuple[float, float] | None  # None for one seed, which can show nothing
    sd: float | None = None
    freedom: int | None = None
    effect: float | None = None
    needed: tuple[int, int] | None = None


def resolution(study: Study, *, wish: PowerQuestion, concluded: Report | None) -> Resolution:
    """What the planned seeds can show; `concluded`, if something has run, tells the spread."""
    paired = study.compare.method == "paired_t"
    seeds, family = len(study.seeds), _family(study)
    levels = (ALPHA, ALPHA / family)
    pooled = pooled_sd(_samples(concluded, paired=paired)) if concluded else None
    sd = wish.sd or (pooled[0] if pooled else None)
    return Resolution(
        metric=study.compare.primary,
        paired=paired,
        seeds=seeds,
        family=family,
        detectable=_smallest(seeds, levels=levels, paired=paired) if seeds > 1 else None,
        sd=sd,
        freedom=pooled[1] if pooled and not wish.sd else None,
        effect=wish.effect,
        needed=_needed(wish.effect / sd, levels=levels, paired=paired)
        if wish.effect and sd
        else None,
    )


def _family(study: Study) -> int:
    """The tests on one metric that are corrected together."""
    variants = len(study.variants) - len(study.design.noise_floor)
    pairs = variants * (variants - 1) // 2
    plain = variants - 1 or len(study.design.noise_floor)
    comparisons = pairs if study.compare.against == "each" else plain
    return max(1, comparisons) * max(1, len(study.design.looks))


def _smallest(seeds: int, *, levels: tuple[float, float], paired: bool) -> tuple[float, float]:
    plain, strictest = (detectable(seeds, alpha=alpha, paired=paired) for alpha in levels)
    return plain, strictest


def _needed(effect: float, *, levels: tuple[float, float], paired: bool) -> tuple[int, int]:
    plain, strictest = (seeds_for(effect, alpha=alpha, paired=paired) for alpha in levels)
    return plain, strictest


def _samples(concluded: Report, *, paired: bool) -> list[list[float]]:
    """On the primary metric, each variant's differences or, unpaired, everybody's scores."""
    if paired:
        return [
            [each.variant - each.baseline for each in finding.per_seed]
            for finding in concluded.on_primary
            if finding.against == BASELINE and finding.kind != "effect"
        ]
    metric = concluded.primary.name
    return [
        [
            value
            for each in concluded.results
            if each.variant == variant and (value := each.score(metric)) is not None
        ]
        for variant in concluded.variants
    ]
