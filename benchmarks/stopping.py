"""How often seeds that stop themselves find what is not there, and what they save.

``python benchmarks/stopping.py [STUDIES]`` writes ``stopping.md`` beside this file; 10,000 studies
a setting take a minute. Scores are normal, half their variance is their seed's. The rule is the
real one (`p_over_looks`, `holm`); only the t test is computed for all studies at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from harness.analysis.interim import p_over_looks
from harness.analysis.statistics import ALPHA, holm

Floats = NDArray[np.float64]

ABOUT = """Seeds that stop themselves, {studies} simulated studies a setting.
*False* is the share with any better or worse variant that is neither (at most 5.5%), *naive* the
same by p < .05 at any look. An effect is the first variant's, in standard deviations of the
differences; *found* is how often it is better."""
BOUND = 0.055
LOOKS = ((3, 6, 9, 12), (2, 8, 14, 20), tuple(range(3, 13)))
VARIANTS = (1, 5, 10)


class Setting(NamedTuple):
    """Studies that are alike; `effect` is of the first variant, in standard deviations."""

    looks: Sequence[int]
    variants: int
    unequal: bool = False
    effect: float = 0.0


class Outcome(NamedTuple):
    """How many studies found something, naively too, and how many seeds a variant took."""

    wrong: float
    naive: float
    found: float
    seeds: float


def simulate(setting: Setting, *, studies: int) -> Outcome:
    """Studies that add seeds to what is undecided, look by look."""
    tested = p_values(setting, studies=studies)
    wrong = naive = found = seeds = 0.0
    for study in tested:
        rejected, taken = stop(study, looks=setting.looks)
        false = rejected[1:] if setting.effect else rejected
        wrong += any(false)
        found += rejected[0]
        seeds += sum(taken) / len(taken)
        naive += bool((study[:, 1:] if setting.effect else study).min(initial=1.0) < ALPHA)
    return Outcome(*(count / studies for count in (wrong, naive, found, seeds)))


def stop(study: Floats, *, looks: Sequence[int]) -> tuple[list[bool], list[int]]:
    """Which variants are told from the baseline, and after how many seeds each of them stops."""
    size = study.shape[1]
    last, rejected = [0] * size, [False] * size
    for place in range(len(looks)):
        last = [last[v] if rejected[v] else place for v in range(size)]
        sequential = [
            p_over_looks([*study[: last[v] + 1, v]], planned=len(looks)) or 1.0 for v in range(size)
        ]
        rejected = [p < ALPHA for p in holm(sequential)]
        if all(rejected):
            break
    return rejected, [looks[place] for place in last]


def p_values(setting: Setting, *, studies: int) -> Floats:
    """p of the paired t test by study, look and variant."""
    random = np.random.default_rng([setting.variants, int(setting.unequal), *setting.looks])
    most = setting.looks[-1]
    spread = np.where(np.arange(setting.variants) % 2, 4.0, 1.0) if setting.unequal else 1.0
    baseline = random.normal(size=(studies, most, 1))
    differences = random.normal(size=(studies, most, setting.variants)) * spread - baseline
    differences[:, :, 0] += setting.effect * np.sqrt(2)
    return np.stack([t_test(differences[:, :look]) for look in setting.looks], axis=1)


def t_test(differences: Floats) -> Floats:
    """The two-sided p over the second axis."""
    n = differences.shape[1]
    error = differences.std(axis=1, ddof=1) / np.sqrt(n)
    return 2 * stdtr(n - 1, -np.abs(differences.mean(axis=1)) / error)


def settings() -> Iterator[Setting]:
    for looks in LOOKS:
        for variants in VARIANTS:
            yield Setting(looks, variants)
            if variants > 1:
                yield Setting(looks, variants, unequal=True)
    for effect in (1.0, 2.0, 3.0):
        yield Setting(LOOKS[0], 5, effect=effect)


def main(studies: int) -> int:
    """Write the table; 1 if something is found too often."""
    lines = [
        ABOUT.format(studies=studies),
        "",
        "| looks after | variants | noise | effect | false | naive | found | seeds a variant |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    worst = 0.0
    for each in settings():
        found = simulate(each, studies=studies)
        worst = max(worst, found.wrong)
        shown = f"{found.found:.1%}" if each.effect else ""
        cells = [
            ", ".join(map(str, each.looks)),
            str(each.variants),
            "unequal" if each.unequal else "equal",
            f"{each.effect:g}",
            f"{found.wrong:.2%}",
            f"{found.naive:.1%}",
            shown,
            f"{found.seeds:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
