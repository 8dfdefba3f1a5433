"""What a study holds against what, and which comparisons are corrected together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.analysis.factorial import combined, factorial_effects
from harness.analysis.inputs import RunResult
from harness.contracts import Design, Factorial, FindingKind
from harness.study.values import BASELINE, Comparison

RunsByVariant = Mapping[tuple[str, int], RunResult]  # by variant and seed


class Contrast(NamedTuple):
    """One comparison; `runs` has the runs of both sides."""

    variant: str
    against: str
    kind: FindingKind
    runs: RunsByVariant


def families(
    runs: RunsByVariant, *, variants: Sequence[str], design: Design, comparison: Comparison
) -> list[list[Contrast]]:
    """The comparisons of a study, those together that are corrected for each other.

    Of a factorial study they are its effects. Variants that change nothing but chance are a family
    of their own: they are no hypotheses, and weaken no other.
    """
    if design.pairs:
        return [[Contrast(variant, against, "pair", runs) for against, variant in design.pairs]]
    if design.factorial:
        seeds = sorted({seed for _, seed in runs})
        return [_effects(runs, factorial=design.factorial, seeds=seeds)]
    meant = [name for name in variants if name not in (BASELINE, *design.noise_floor)]
    if comparison.against == "each":
        pairs = itertools.combinations([BASELINE, *meant], 2)
        found = [Contrast(second, first, "pair", runs) for first, second in pairs]
    else:
        found = [Contrast(name, BASELINE, "variant", runs) for name in meant]
    floor = [
        Contrast(name, BASELINE, "noise_floor", runs)
        for name in variants
        if name in design.noise_floor
    ]
    return [found, floor]


def _effects(runs: RunsByVariant, *, factorial: Factorial, seeds: Sequence[int]) -> list[Contrast]:
    found = []
    for effect in factorial_effects(factorial):
        against = "the sum of its parts"
        if len(effect.factors) == 1:
            (factor,) = effect.factors
            against = f"{factor}={factorial.factors[factor][0]}"
        sides = {effect.name: effect.observed, against: effect.expected}
        both = {
            (name, seed): combined(runs, weights=weights, name=name, seed=seed)
            for name, weights in sides.items()
            for seed in seeds
        }
        known = {key: run for key, run in both.items() if run}
        found.append(Contrast(effect.name, against, "effect", known))
    return found
