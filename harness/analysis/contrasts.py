"""The comparisons of a study, grouped into families for the multiple-testing correction."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.analysis.factorial import combine_cells, factorial_effects
from harness.analysis.inputs import RunResult
from harness.contracts import Design, Factorial, FindingKind
from harness.study.values import BASELINE, Comparison

RunsByVariant = Mapping[tuple[str, int], RunResult]  # by variant and seed


class Contrast(NamedTuple):
    """One comparison; `runs` has the runs of both sides, a table's if `of_table`."""

    variant: str
    against: str
    kind: FindingKind
    runs: RunsByVariant
    of_table: bool = False


def contrast_families(
    runs: RunsByVariant, *, variants: Sequence[str], design: Design, comparison: Comparison
) -> list[list[Contrast]]:
    """Group the comparisons of a study into families; p values are corrected within each.

    In a factorial study, the comparisons are its effects. Variants that differ from the baseline
    by chance alone form a family of their own: they are not hypotheses, so they must not cost the
    other variants power.
    """
    if design.pairs:
        return [
            [
                Contrast(variant, against, "pair", runs, design.of_table)
                for against, variant in design.pairs
            ]
        ]
    if design.factorial:
        seeds = sorted({seed for _, seed in runs})
        return [_effects(runs, factorial=design.factorial, seeds=seeds)]
    hypotheses = [name for name in variants if name not in (BASELINE, *design.noise_floor)]
    if comparison.against == "each":
        pairs = itertools.combinations([BASELINE, *hypotheses], 2)
        contrasts = [Contrast(second, first, "pair", runs) for first, second in pairs]
    else:
        contrasts = [
            Contrast(name, BASELINE, "variant", runs, design.of_table) for name in hypotheses
        ]
    noise_floor = [
        Contrast(name, BASELINE, "noise_floor", runs)
        for name in variants
        if name in design.noise_floor
    ]
    return [contrasts, noise_floor]


def dropped_comparisons(family: Sequence[Contrast], *, design: Design) -> int:
    """The number of comparisons of a family that dropped variants would have had.

    With a noise floor there are none, as it tests no hypothesis.
    """
    kinds, dropped = {contrast.kind for contrast in family}, len(design.dropped)
    if "noise_floor" in kinds:
        return 0
    if "pair" not in kinds or design.pairs:
        return dropped
    # Every dropped variant with each that is left, the baseline among them, and with each other.
    left = len({name for contrast in family for name in (contrast.variant, contrast.against)})
    return dropped * left + dropped * (dropped - 1) // 2


def _effects(runs: RunsByVariant, *, factorial: Factorial, seeds: Sequence[int]) -> list[Contrast]:
    contrasts = []
    for effect in factorial_effects(factorial):
        against = "the sum of its parts"
        if len(effect.factors) == 1:
            (factor,) = effect.factors
            against = f"{factor}={factorial.factors[factor][0]}"
        against += f" in {effect.corpus}" if effect.corpus else ""
        sides = {effect.name: effect.observed, against: effect.expected}
        pseudo_runs = {
            (name, seed): combine_cells(runs, weights=weights, name=name, seed=seed)
            for name, weights in sides.items()
            for seed in seeds
        }
        complete = {key: run for key, run in pseudo_runs.items() if run}
        contrasts.append(Contrast(effect.name, against, "effect", complete))
    return contrasts
