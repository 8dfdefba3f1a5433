"""False claims and coverage of pooled differences, in simulated sets of studies.

``python benchmarks/pooling.py [SETS]`` writes ``pooling.md`` next to this file; 10,000 sets per
setting take some five minutes on one core.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.analysis.random_effects import FEWEST_TO_WEIGH, Pooled, StudyEstimate, pool
from harness.analysis.statistics import ALPHA

STUDIES, SEEDS = (2, 3, 5, 10), ((3,), (5,), (10,), (3, 20))
BETWEEN = (0.0, 0.5, 2.0)  # standard deviation between studies; between seeds it is 1
_SETS = 10_000


class Setting(NamedTuple):
    """A number of studies, the numbers of seeds that they have in turn, and their spread."""

    studies: int
    seeds: tuple[int, ...]
    between: float


def simulated(setting: Setting, *, rng: np.random.Generator) -> Pooled:
    """One set of studies without a difference on average, pooled."""
    estimates = []
    for study in range(setting.studies):
        seeds = setting.seeds[study % len(setting.seeds)]
        differences = rng.normal(setting.between * rng.normal(), 1, seeds)
        error = float(differences.std(ddof=1)) / seeds**0.5
        estimates.append(StudyEstimate(float(differences.mean()), error))
    return pool(estimates, weighted=min(setting.seeds) >= FEWEST_TO_WEIGH)


def main() -> int:
    """Simulate every setting and write the table; 1 if a rate is above 5.5%."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else _SETS
    rows, worst = [], 0.0
    for number, chosen in enumerate(product(STUDIES, SEEDS, BETWEEN)):
        setting, rng = Setting(*chosen), np.random.default_rng([12, number])
        pooled = [simulated(setting, rng=rng) for _ in range(sets)]
        false = sum(result.p < ALPHA for result in pooled) / sets
        worst = max(worst, false)
        seeds = " and ".join(map(str, setting.seeds))
        rows.append(f"| {setting.studies} | {seeds} | {setting.between:g} | {false:.2%} |")
    title = f"`python benchmarks/pooling.py {sets}`: {sets:,} simulated sets of studies per setting"
    text = (
        "# Calibration of pooled differences\n\n"
        f"{title}, without a difference on average, normal noise.\nThe interval leaves out the"
        " true mean, and p is below .05, in this share; at most 5.5%.\n\n"
        "| studies | seeds in each | spread between studies, in that of seeds | false |\n"
        "| ---: | ---: | ---: | ---: |\n"
    )
    Path(__file__).with_suffix(".md").write_text(text + "\n".join(rows) + "\n")
    return int(worst > 0.055)


if __name__ == "__main__":
    sys.exit(main())
