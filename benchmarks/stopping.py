"""Group-sequential stopping in simulation: rate of false findings, power, and seeds saved.

``python benchmarks/stopping.py [STUDIES]`` writes ``stopping.md`` next to this file; 10,000 studies
per setting take a minute. Scores are normal; half of their variance is shared within a seed. The
stopping rule is the real one (`p_over_looks`, `holm`); only the t test is vectorized over studies.
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
from harness.contracts import Design

Floats = NDArray[np.float64]

ABOUT = """# Group-sequential stopping

`python benchmarks/stopping.py {studies}`: {studies:,} simulated studies per setting.
*False* is the share of studies that call any variant without an effect better or worse (at most
5.5%); *naive* is the same share with p < .05 at any look, uncorrected. *Effect* is that of the
first variant, in standard deviations of the differences, and *power* the share of studies that
call it better."""
EXTENDED = """## Looks that are added

Studies with two looks planned, whose `most` is raised by two looks at a time as long as nothing is
found. *False* is the share that ever calls a variant without an effect better or worse, with the
factors of `Design.look_factors`; the last column, what it would be if each extension counted its
own two looks alone."""
BOUND = 0.055
LOOKS = ((3, 6, 9, 12), (2, 8, 14, 20), tuple(range(3, 13)))
VARIANTS = (1, 5, 10)


class Setting(NamedTuple):
    """One simulated kind of study; `effect` is the first variant's, in standard deviations."""

    looks: Sequence[int]
    variants: int
    unequal: bool = False
    effect: float = 0.0


class Extension(NamedTuple):
    """A study of two looks whose `most` is raised by two more as long as nothing is found."""

    looks: tuple[int, ...]
    variants: int


EXTENSIONS = [
    *(Extension(tuple(range(2, 4 + 2 * n)), variants) for n in (1, 3, 7) for variants in (1, 5)),
    Extension(tuple(2**place for place in range(1, 9)), 1),
]


class Outcome(NamedTuple):
    """Shares of studies with false, naive and true findings, and the mean seeds per variant."""

    false: float
    naive: float
    power: float
    seeds: float


def simulate(setting: Setting, *, studies: int) -> Outcome:
    """Simulate studies that add seeds to undecided variants, look by look."""
    false = naive = power = seeds = 0.0
    for study in p_values(setting, studies=studies):
        rejected, taken = stop(study, looks=setting.looks)
        false += any(rejected[1:] if setting.effect else rejected)
        power += rejected[0]
        seeds += sum(taken) / len(taken)
        naive += bool((study[:, 1:] if setting.effect else study).min(initial=1.0) < ALPHA)
    return Outcome(*(total / studies for total in (false, naive, power, seeds)))


def stop(study: Floats, *, looks: Sequence[int]) -> tuple[list[bool], list[int]]:
    """The rejections by variant, and the number of seeds after which each variant stops."""
    size = study.shape[1]
    last, rejected = [0] * size, [False] * size
    for place in range(len(looks)):
        # A variant that is decided takes no more seeds, and keeps its last p.
        last = [last[v] if rejected[v] else place for v in range(size)]
        sequential = [
            p_over_looks([*study[: last[v] + 1, v]], factors=[len(looks)] * (last[v] + 1)) or 1.0
            for v in range(size)
        ]
        rejected = [p < ALPHA for p in holm(sequential)]
        if all(rejected):
            break
    return rejected, [looks[place] for place in last]


def simulate_extended(extension: Extension, *, studies: int) -> tuple[float, float]:
    """The shares of studies that are ever false: as corrected, and with every factor 2.

    A study takes its two looks; whoever has found nothing plans two more, again and again.
    """
    design = Design(looks=extension.looks[:2], added_looks=extension.looks[2:])
    corrected = [*design.look_factors.values()]
    shares = []
    for factors in (corrected, [2] * len(corrected)):
        false = 0
        for study in p_values(Setting(extension.looks, extension.variants), studies=studies):
            # A p over looks never rises, so the last look has every false finding so far.
            smallest = [p_over_looks([*values], factors=factors) or 1.0 for values in study.T]
            false += min(holm(smallest)) < ALPHA
        shares.append(false / studies)
    return shares[0], shares[1]


def p_values(setting: Setting, *, studies: int) -> Floats:
    """The p values of the paired t test by study, look and variant."""
    # Without the effect: settings that differ in it alone share their noise.
    random = np.random.default_rng([setting.variants, int(setting.unequal), *setting.looks])
    most = setting.looks[-1]
    spread = np.where(np.arange(setting.variants) % 2, 4.0, 1.0) if setting.unequal else 1.0
    baseline = random.normal(size=(studies, most, 1))
    # Less the same baseline, by which the differences of one study are correlated.
    differences = random.normal(size=(studies, most, setting.variants)) * spread - baseline
    # A difference of two scores of variance 1 has a standard deviation of sqrt(2).
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
    """Write the table; return 1 if false findings are too frequent."""
    lines = [
        ABOUT.format(studies=studies),
        "",
        "| looks after | variants | noise | effect | false | naive | power | seeds per variant |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    worst = 0.0
    for setting in settings():
        outcome = simulate(setting, studies=studies)
        worst = max(worst, outcome.false)
        cells = [
            ", ".join(map(str, setting.looks)),
            str(setting.variants),
            "unequal" if setting.unequal else "equal",
            f"{setting.effect:g}",
            f"{outcome.false:.2%}",
            f"{outcome.naive:.1%}",
            f"{outcome.power:.1%}" if setting.effect else "",
            f"{outcome.seeds:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    lines += [
        "",
        EXTENDED,
        "",
        "| looks after | variants | false | every factor 2 |",
        "|---|---:|---:|---:|",
    ]
    for extension in EXTENSIONS:
        false, uncorrected = simulate_extended(extension, studies=studies)
        worst = max(worst, false)
        looks = ", ".join(map(str, extension.looks))
        lines.append(f"| {looks} | {extension.variants} | {false:.2%} | {uncorrected:.2%} |")
        print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
