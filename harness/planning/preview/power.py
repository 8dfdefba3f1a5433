"""The smallest effect that a study can show, and the seeds that an expected effect needs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.power import detectable, pooled_sd, seeds_for
from harness.analysis.sign_test import sign_detectable, sign_seeds_for
from harness.analysis.statistics import ALPHA
from harness.contracts import Method
from harness.report import Report
from harness.study.values import BASELINE, Study


@dataclass(frozen=True, kw_only=True)
class PowerQuestion:
    """An expected effect and standard deviation, in the metric's own unit."""

    effect: float | None = None
    sd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The effects that so many seeds can show on the primary metric, with a power of 80%.

    Pairs of numbers are for a level of .05 and for the strictest level of the correction, .05 over
    the `family`: comparisons (Holm's first step), times looks. Effects are in standard deviations
    of the paired differences (of the scores, where a study is unpaired); times `sd`, in the
    metric's own unit. `sd` is given or, with `freedom` degrees, from results; None without either.
    """

    metric: str
    paired: bool
    seeds: int
    family: int
    # None where nothing can be shown: one seed, or a sign test at a level below its least p.
    detectable: tuple[float, float | None] | None
    sd: float | None = None
    freedom: int | None = None
    effect: float | None = None
    needed: tuple[int, int] | None = None


def resolution(study: Study, *, question: PowerQuestion, report: Report | None) -> Resolution:
    """The resolution of the planned seeds; a `report` on runs that exist gives the spread."""
    paired, method = study.compare.method != "welch", study.compare.method
    seeds, family = len(study.seeds), _family(study)
    levels = (ALPHA, ALPHA / family)
    pooled = pooled_sd(_samples(report, paired=paired)) if report else None
    sd = question.sd or (pooled[0] if pooled else None)
    return Resolution(
        metric=study.compare.primary,
        paired=paired,
        seeds=seeds,
        family=family,
        detectable=_smallest(seeds, levels=levels, method=method) if seeds > 1 else None,
        sd=sd,
        freedom=pooled[1] if pooled and not question.sd else None,
        effect=question.effect,
        needed=_needed(question.effect / sd, levels=levels, method=method)
        if question.effect and sd
        else None,
    )


def _family(study: Study) -> int:
    """The number of tests on one metric that are corrected together."""
    variants = len(study.variants) - len(study.design.noise_floor)
    pairs = variants * (variants - 1) // 2
    # A study of nothing but noise corrects over that; otherwise noise floors cost no power.
    plain = variants - 1 or len(study.design.noise_floor)
    comparisons = pairs if study.compare.against == "each" else plain
    return max(1, comparisons) * max(1, len(study.design.looks))


def _smallest(
    seeds: int, *, levels: tuple[float, float], method: Method
) -> tuple[float, float | None] | None:
    if method == "sign_test":
        shown = sign_detectable(seeds, alpha=levels[0])
        return None if shown is None else (shown, sign_detectable(seeds, alpha=levels[1]))
    paired = method == "paired_t"
    plain, strictest = (detectable(seeds, alpha=alpha, paired=paired) for alpha in levels)
    return plain, strictest


def _needed(effect: float, *, levels: tuple[float, float], method: Method) -> tuple[int, int]:
    if method == "sign_test":
        return sign_seeds_for(effect, alpha=levels[0]), sign_seeds_for(effect, alpha=levels[1])
    paired = method == "paired_t"
    plain, strictest = (seeds_for(effect, alpha=alpha, paired=paired) for alpha in levels)
    return plain, strictest


def _samples(report: Report, *, paired: bool) -> list[list[float]]:
    """On the primary metric, each variant's differences or, unpaired, every variant's scores."""
    if paired:
        return [
            [pair.variant - pair.baseline for pair in finding.per_seed]
            for finding in report.on_primary
            if finding.against == BASELINE and finding.kind != "effect"
        ]
    metric = report.primary.name
    return [
        [
            value
            for result in report.results
            if result.variant == variant and (value := result.score(metric)) is not None
        ]
        for variant in report.variants
    ]
