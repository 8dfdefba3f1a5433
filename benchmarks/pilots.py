"""Seeds planned from a pilot, and detectable effects stated from an estimated spread.

``python benchmarks/pilots.py [PILOTS]`` writes ``pilots.md`` next to this file; 20,000 pilots per
setting take five minutes. Scores are normal, with a true effect of one standard deviation of the
differences, for which 10 seeds have a power of 80%.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.analysis.power import pooled_sd, power, seeds_for, spread_interval

ABOUT = """# Plans from pilots

`python benchmarks/pilots.py {pilots}`: {pilots:,} simulated pilots per setting, of so many variants
and seeds, and a true effect of one standard deviation of the paired differences, for which 10 seeds
have a power of 80%. *Asked* is the 5th to 95th percentile of the seeds that `plan --effect` asks
for, and *power* the mean of the power that they have (at least 80%); *naive* is that mean if the
pilot's spread were taken as the true one. *Degrees of freedom* are those of the spread: the sum
over variants, what the plan counts, as they share a baseline, and what the simulation has.
*Within* is the share of pilots in which the smallest detectable effect lies in the range that is
stated with it (95% for one variant, and near it for the spread of several)."""
VARIANTS, SEEDS = (1, 4, 10), (3, 5, 10)
SHARED_BASELINE = 0.5  # the correlation of two variants' differences from one baseline
STRATA = 200  # plans per setting: at as many quantiles of the pilots' spread
BOUNDS = ((0.79, 0.85), (0.93, 0.97))  # of the mean power, and of what is within the range


class Outcome(NamedTuple):
    """The figures of one row of the table."""

    low: float
    high: float
    power: float
    naive: float
    freedom: tuple[float, float, float]
    within: float


def simulate(variants: int, *, seeds: int, pilots: int) -> Outcome:
    """Plan from pilots of so many variants and seeds."""
    random = np.random.default_rng([variants, seeds])
    runs = random.normal(scale=np.sqrt(0.5), size=(pilots, variants + 1, seeds))
    squares = (runs[:, 1:] - runs[:, :1]).var(axis=2, ddof=1).mean(axis=1)
    sample = [float(place) for place in range(seeds)]
    claimed, freedom = (
        (pooled_sd([sample] * variants, correlation=shared) or (0.0, 0.0))[1]
        for shared in (0.0, SHARED_BASELINE)
    )
    spreads = np.quantile(np.sqrt(squares), (np.arange(STRATA) + 0.5) / STRATA)
    asked = [seeds_for(1 / float(sd), freedom=freedom) for sd in spreads]
    naive = [seeds_for(1 / float(sd)) for sd in spreads]
    low, high = spread_interval(freedom)
    within = (low**2 * squares <= 1) & (high**2 * squares >= 1)
    return Outcome(
        low=float(np.quantile(asked, 0.05)),
        high=float(np.quantile(asked, 0.95)),
        power=_mean_power(asked),
        naive=_mean_power(naive),
        freedom=(claimed, freedom, float(2 * squares.mean() ** 2 / squares.var())),
        within=float(within.mean()),
    )


def _mean_power(asked: list[int]) -> float:
    return float(np.mean([power(1.0, n=n) for n in asked]))


def rows(pilots: int) -> Iterator[tuple[str, bool]]:
    """Every row of the table, and True if it is within bounds."""
    for variants, seeds in product(VARIANTS, SEEDS):
        outcome = simulate(variants, seeds=seeds, pilots=pilots)
        cells = [
            f"{variants} | {seeds} | {outcome.low:.0f} to {outcome.high:.0f}",
            f"{outcome.power:.1%} | {outcome.naive:.1%}",
            " | ".join(f"{freedom:.1f}" for freedom in outcome.freedom),
            f"{outcome.within:.1%}",
        ]
        rates = zip((outcome.power, outcome.within), BOUNDS, strict=True)
        yield (
            f"| {' | '.join(cells)} |",
            all(least <= rate <= most for rate, (least, most) in rates),
        )


def main(pilots: int) -> int:
    """Write the table; return 1 if a figure is out of bounds."""
    lines = [
        ABOUT.format(pilots=pilots),
        "",
        "| variants | seeds | asked | power | naive | summed df | counted | simulated | within |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    good = True
    for line, within in rows(pilots):
        good &= within
        lines.append(line)
        print(line, flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
