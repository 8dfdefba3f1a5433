"""Main effects and interactions of factors: a contrast of cells, seed by seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.inputs import RunResult
from harness.contracts import Factorial, Outcome


@dataclass(frozen=True, kw_only=True)
class FactorialEffect:
    """What some factors do together at one level each, beyond what fewer of them do.

    A score is compared with the one to be expected without the effect; both are weighted sums over
    cells. For two factors I = y_AB - (y_A + y_B - y_0), of which y_AB is `observed` and the rest
    `expected`; for one, it is its level against the baseline's. Both are averaged over all levels
    of the other factors, which makes I the contrast of a factorial design (Fisher 1935).
    """

    name: str
    factors: tuple[str, ...]
    observed: Mapping[str, float]
    expected: Mapping[str, float]


def factorial_effects(factorial: Factorial) -> Iterator[FactorialEffect]:
    """As many as there are cells beside the baseline: those of one factor first."""
    for size in range(1, len(factorial.factors) + 1):
        for factors in itertools.combinations(factorial.factors, size):
            changed = (factorial.factors[factor][1:] for factor in factors)
            for levels in itertools.product(*changed):
                chosen = dict(zip(factors, levels, strict=True))
                yield _effect(factorial, chosen=chosen)


def _effect(factorial: Factorial, *, chosen: Mapping[str, str]) -> FactorialEffect:
    named = [f"{factor}={level}" for factor, level in chosen.items()]
    observed: dict[str, float] = {}
    expected: dict[str, float] = {}
    for variant, cell in factorial.cells.items():
        off = [factor for factor in chosen if cell[factor] == factorial.factors[factor][0]]
        if all(factor in off or cell[factor] == level for factor, level in chosen.items()):
            share = math.prod(map(len, factorial.factors.values())) // math.prod(
                len(factorial.factors[factor]) for factor in chosen
            )
            if off:
                expected[variant] = -((-1.0) ** len(off)) / share
            else:
                observed[variant] = 1.0 / share
    return FactorialEffect(
        name=" x ".join(named) if len(named) > 1 else f"{named[0]} overall",
        factors=tuple(chosen),
        observed=observed,
        expected=expected,
    )


def combined(
    runs: Mapping[tuple[str, int], RunResult], *, weights: Mapping[str, float], name: str, seed: int
) -> RunResult | None:
    """One seed's weighted sum of scores as if it were a run; None where some cell was not run.

    It has ended as the worst of its cells has.
    """
    cells = [runs.get((variant, seed)) for variant in weights]
    found = [cell for cell in cells if cell]
    if len(found) < len(cells):
        return None
    return RunResult(
        variant=name,
        seed=seed,
        outcome=_worst(found),
        scores=_sums(found, weights=[*weights.values()]),
        tokens=_shared([cell.tokens for cell in found]),
        references=_shared([cell.references for cell in found]),
    )


def _worst(cells: Sequence[RunResult]) -> Outcome:
    outcomes = {cell.outcome for cell in cells}
    order: tuple[Outcome, ...] = ("failed", "diverged", "finished")
    return next(outcome for outcome in order if outcome in outcomes)


def _sums(cells: Sequence[RunResult], *, weights: Sequence[float]) -> dict[str, float]:
    """Every metric that all cells have."""
    shared = set.intersection(*(set(cell.scores) for cell in cells))
    return {
        metric: math.fsum(
            weight * cell.scores[metric] for cell, weight in zip(cells, weights, strict=True)
        )
        for metric in sorted(shared)
    }


def _shared(values: Sequence[str | None]) -> str | None:
    """What all were scored on; where that differs, all of it, which equals nothing else."""
    return values[0] if len(set(values)) == 1 else repr(values)
