"""Tuning in simulation: false findings for a technique that does nothing, at all values tried.

``python benchmarks/tuning.py [STUDIES]`` writes ``tuning.md`` next to this file; 20,000 studies per
setting take two minutes. Both sides choose among three values by the same number of trials, on
seeds that both use, and are then compared by the paired t test on the study's own seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from harness.analysis.statistics import ALPHA, holm

Floats = NDArray[np.float64]

ABOUT = """# Tuning

`python benchmarks/tuning.py {studies}`: {studies:,} simulated studies per setting, of variants that
do nothing, at any of three values. Every side chooses its value by its trials; the best two values
are *gap* standard deviations of a run apart, the third as far again. *Per seed* is the share of
studies that call any variant better or worse if each seed has trials and a choice of its own
(`choice: per_seed`, the default; at most 5.5%); *once* is that share with one choice for all seeds
(`choice: once`), for which verdicts are about the values chosen and not about tuning. Runs are
normal, and *shared* is the part of their variance that belongs to the seed."""
BOUND = 0.055
VALUES = 3
SEEDS, TRIALS, GAPS = (3, 5, 10, 20), (1, 3), (0.0, 0.5, 1.0, 3.0)
SIZES = ((1, 0.0), (1, 0.5), (4, 0.5))  # variants, and the part of the variance that is shared


class Setting(NamedTuple):
    """The size of a study, its trials per value, the distance of the best two, and the noise."""

    variants: int
    seeds: int
    trials: int
    gap: float
    shared: float


def simulate(setting: Setting, *, studies: int) -> tuple[float, float]:
    """The shares of studies with a false finding: with a choice per seed, and with one for all."""
    random = np.random.default_rng([*setting[:3], int(10 * setting.gap), int(10 * setting.shared)])
    per_seed = _false(setting, once=False, studies=studies, random=random)
    return per_seed, _false(setting, once=True, studies=studies, random=random)


def _false(setting: Setting, *, once: bool, studies: int, random: np.random.Generator) -> float:
    means = -setting.gap * np.arange(VALUES)
    blocks = 1 if once else setting.seeds
    sides = setting.variants + 1  # the first is the baseline
    noise = _runs(
        random, shape=(studies, blocks, setting.trials, sides, VALUES), shared=setting.shared
    )
    trials = (means + noise).mean(axis=2)
    chosen = np.broadcast_to(trials.argmax(axis=-1), (studies, setting.seeds, sides))
    noise = _runs(random, shape=(studies, setting.seeds, sides, 1), shared=setting.shared)
    scores = means[chosen] + noise[..., 0]
    p = t_test(scores[..., 1:] - scores[..., :1])
    return float(np.mean([min(holm([*study])) < ALPHA for study in p]))


def _runs(random: np.random.Generator, *, shape: tuple[int, ...], shared: float) -> Floats:
    """Scores without their means; the runs of one seed are the last two axes."""
    seed = random.normal(size=(*shape[:-2], 1, 1))
    return np.sqrt(shared) * seed + np.sqrt(1 - shared) * random.normal(size=shape)


def t_test(differences: Floats) -> Floats:
    """The two-sided p over the second axis."""
    n = differences.shape[1]
    error = differences.std(axis=1, ddof=1) / np.sqrt(n)
    return np.asarray(2 * stdtr(n - 1, -np.abs(differences.mean(axis=1)) / error))


def settings() -> Iterator[Setting]:
    """Every setting of the table."""
    for (variants, shared), trials, gap, seeds in product(SIZES, TRIALS, GAPS, SEEDS):
        yield Setting(variants, seeds, trials, gap, shared)


def main(studies: int) -> int:
    """Write the table; return 1 if false findings are too frequent."""
    lines = [
        ABOUT.format(studies=studies),
        "",
        "| variants | shared | trials | gap | seeds | per seed | once |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    worst = 0.0
    for setting in settings():
        per_seed, once = simulate(setting, studies=studies)
        worst = max(worst, per_seed)
        sizes = (setting.variants, setting.shared, setting.trials, setting.gap, setting.seeds)
        cells = [f"{size:g}" for size in sizes]
        lines.append(f"| {' | '.join([*cells, f'{per_seed:.2%}', f'{once:.1%}'])} |")
        print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
