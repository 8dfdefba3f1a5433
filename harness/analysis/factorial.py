"""Main effects and interactions of factors, each a contrast of cells within a seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.inputs import RunResult
from harness.contracts import Factorial, Outcome

_OVERALL = " overall"


@dataclass(frozen=True, kw_only=True)
class FactorialEffect:
    """The effect of one level of each of some factors, beyond the effects of fewer of them.

    A score is compared with the score expected without the effect; both are weighted sums over
    cells. For two factors I = y_AB - (y_A + y_B - y_0), of which y_AB is `observed` and the rest
    `expected`; for one factor, its level is compared with the baseline's. Both are averaged over
    all levels of the other factors, which makes I the contrast of a factorial design (Fisher 1935).
    `corpus` is the one that an effect is within, if it is not the mean over all.
    """

    name: str
    factors: tuple[str, ...]
    observed: Mapping[str, float]
    expected: Mapping[str, float]
    corpus: str = ""


def factorial_effects(factorial: Factorial) -> Iterator[FactorialEffect]:
    """One effect per cell other than the baseline, main effects first.

    Corpora have no effects, since their sentences differ: every other effect is the mean over
    corpora, and then within each.
    """
    corpora = factorial.corpora
    for size in range(1, len(factorial.factors) + 1):
        for factors in itertools.combinations(factorial.factors, size):
            if corpora in factors:
                continue
            changed = (factorial.factors[factor][1:] for factor in factors)
            for levels in itertools.product(*changed):
                effect = _effect(factorial, chosen=dict(zip(factors, levels, strict=True)))
                yield effect
                for corpus in factorial.factors[corpora] if corpora else ():
                    yield _within(effect, corpus=corpus, factorial=factorial)


def _within(effect: FactorialEffect, *, corpus: str, factorial: Factorial) -> FactorialEffect:
    """The part of an effect that is in one corpus."""
    factor = factorial.corpora or ""
    count = len(factorial.factors[factor])
    observed, expected = (
        {
            variant: weight * count
            for variant, weight in weights.items()
            if factorial.cells[variant][factor] == corpus
        }
        for weights in (effect.observed, effect.expected)
    )
    return FactorialEffect(
        name=f"{effect.name.removesuffix(_OVERALL)} in {factor}={corpus}",
        factors=effect.factors,
        observed=observed,
        expected=expected,
        corpus=f"{factor}={corpus}",
    )


def _effect(factorial: Factorial, *, chosen: Mapping[str, str]) -> FactorialEffect:
    level_names = [f"{factor}={level}" for factor, level in chosen.items()]
    observed: dict[str, float] = {}
    expected: dict[str, float] = {}
    for variant, cell in factorial.cells.items():
        at_baseline = [factor for factor in chosen if cell[factor] == factorial.factors[factor][0]]
        # Cells at any third level of a chosen factor have no part in this contrast.
        if all(factor in at_baseline or cell[factor] == level for factor, level in chosen.items()):
            # The number of cells that are averaged: all combinations of the other factors.
            share = math.prod(map(len, factorial.factors.values())) // math.prod(
                len(factorial.factors[factor]) for factor in chosen
            )
            if at_baseline:
                # Signs alternate with the number of factors at the baseline: y_A and y_B +, y_0 -.
                expected[variant] = -((-1.0) ** len(at_baseline)) / share
            else:
                observed[variant] = 1.0 / share
    return FactorialEffect(
        name=" x ".join(level_names) if len(level_names) > 1 else f"{level_names[0]}{_OVERALL}",
        factors=tuple(chosen),
        observed=observed,
        expected=expected,
    )


def combine_cells(
    runs: Mapping[tuple[str, int], RunResult], *, weights: Mapping[str, float], name: str, seed: int
) -> RunResult | None:
    """One seed's weighted sum of cells as a pseudo-run; None if some cell was not run.

    Its outcome is the worst among its cells.
    """
    cells = [runs.get((variant, seed)) for variant in weights]
    present = [cell for cell in cells if cell]
    if len(present) < len(cells):
        return None
    return RunResult(
        variant=name,
        seed=seed,
        outcome=_worst(present),
        scores=_sums(present, weights=[*weights.values()]),
        tokens=_common([cell.tokens for cell in present]),
        references=_common([cell.references for cell in present]),
        unscored={name: why for cell in present for name, why in cell.unscored.items()},
    )


def _worst(cells: Sequence[RunResult]) -> Outcome:
    outcomes = {cell.outcome for cell in cells}
    # Failed first: that cell will be run again, so the effect has no result yet.
    order: tuple[Outcome, ...] = ("failed", "diverged", "finished")
    return next(outcome for outcome in order if outcome in outcomes)


def _sums(cells: Sequence[RunResult], *, weights: Sequence[float]) -> dict[str, float]:
    """The weighted sum of every metric that all cells have."""
    shared = set.intersection(*(set(cell.scores) for cell in cells))
    return {
        # Rounded once, so that the order of cells changes no bit.
        metric: math.fsum(
            weight * cell.scores[metric] for cell, weight in zip(cells, weights, strict=True)
        )
        for metric in sorted(shared)
    }


def _common(values: Sequence[str | None]) -> str | None:
    """The value that all cells share; if they differ, one that only the same several values have.

    So sides that average over the same corpora are comparable, and no others.
    """
    different = set(values)
    return values[0] if len(different) == 1 else repr(sorted(map(repr, different)))
