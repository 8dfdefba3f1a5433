"""False verdicts under noise that is not symmetric, and coverage where sentences share documents.

``python benchmarks/other_noise.py [STUDIES]`` writes ``other_noise.md`` next to this file; 2,000
studies per setting take some minutes on one core. `calibration.py` has normal noise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from calibration import Floats, judge

from harness.analysis.power import power
from harness.analysis.sign_test import sign_power

COLLAPSE = "collapse in 20% of runs"
SCALES = (3.0, 0.5)  # of the first and the last variant's noise; the baseline's is 1

FALSE_MEAN = "better or worse by the paired t test, equal means"
JOINT_MEAN = "max-T p below .05, equal means"
EQUIVALENT_MEAN = "equivalent by t tests, means apart by the margin"
CAUTIONED = "of the false verdicts by the paired t test, those beside a caution"
RARE = "better by the paired t test, equal means by a rare collapse"
FALSE_MEDIAN = "better or worse by the sign test, median difference 0"
EQUIVALENT_MEDIAN = "equivalent by sign tests, median difference equal to the margin"
CLUSTERED = "95% seeds-and-sentences interval covers, by documents"
UNCLUSTERED = "95% seeds-and-sentences interval covers, documents not given"
POWER_T, POWER_SIGN = "power of the paired t test", "power of the sign test"
BOUNDS: Mapping[str, tuple[float, float] | None] = {
    FALSE_MEDIAN: (0.0, 0.055),
    EQUIVALENT_MEDIAN: (0.0, 0.055),
    CLUSTERED: (0.935, 1.0),
    UNCLUSTERED: None,
    FALSE_MEAN: None,
    JOINT_MEAN: None,
    EQUIVALENT_MEAN: None,
    CAUTIONED: None,
    RARE: None,
    POWER_T: None,
    POWER_SIGN: None,
}


class Rate(NamedTuple):
    """The share of simulated studies in which an event occurred."""

    event: str
    setting: str
    share: float

    @property
    def within_bounds(self) -> bool:
        """True if the rate is within the bounds of its event, or if it has none."""
        bounds = BOUNDS[self.event]
        return bounds is None or bounds[0] <= self.share <= bounds[1]


class Noise(NamedTuple):
    """A kind of noise of mean 0 and standard deviation 1."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], Floats]

    def scores(self, random: np.random.Generator, *, scales: Floats, seeds: int) -> Floats:
        """Scores with equal means, one row per variant, the baseline's first."""
        every = np.concatenate([[1.0], scales])
        return every[:, None] * self.draw(random, (len(every), seeds))

    def medians(self, *, scales: Floats) -> Floats:
        """The median difference of each variant from the baseline, from a million draws."""
        random = np.random.default_rng([9, len(self.name)])
        first, second = (self.draw(random, (1_000_000,)) for _ in range(2))
        return np.array([0.0, *(np.median(scale * first - second) for scale in scales)])


def _log_normal(random: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return (random.lognormal(size=size) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def _collapsing(random: np.random.Generator, size: tuple[int, ...]) -> Floats:
    parts = np.where(random.random(size) < 0.2, -2.0, 0.5) + random.normal(scale=0.1, size=size)
    return np.asarray(parts / np.sqrt(1.01))


NOISES = (
    Noise("normal", lambda random, size: random.normal(size=size)),
    Noise("log-normal", _log_normal),
    Noise(COLLAPSE, _collapsing),
)


def skewed(studies: int) -> Iterator[Rate]:
    """No effect, by the mean or by the median, under noise whose spread differs by variant."""
    for number, (noise, variants, seeds) in enumerate(product(NOISES, (1, 4, 10), (5, 10, 20))):
        if variants == 10 and seeds == 20:
            continue  # the slowest, and between the others
        random = np.random.default_rng([5, number])
        scales = np.linspace(*SCALES, variants) if variants > 1 else np.array(SCALES[:1])
        medians = noise.medians(scales=scales)[:, None]
        decided = joint = cautioned = by_median = 0
        for _ in range(studies):
            scores = noise.scores(random, scales=scales, seeds=seeds)
            findings = judge(scores)
            false = [finding for finding in findings if finding.verdict in ("better", "worse")]
            decided += bool(false)
            cautioned += any(finding.caution for finding in false)
            joint += any((finding.p_max_t or 1.0) < 0.05 for finding in findings)
            signs = judge(scores - medians, method="sign_test")
            by_median += any(finding.verdict in ("better", "worse") for finding in signs)
        setting = f"{noise.name}, {variants} variant{'s'[: variants > 1]}, {seeds} seeds"
        yield Rate(FALSE_MEDIAN, setting, by_median / studies)
        yield Rate(FALSE_MEAN, setting, decided / studies)
        yield Rate(JOINT_MEAN, setting, joint / studies)
        yield Rate(CAUTIONED, setting, cautioned / max(1, decided))


def at_the_margin(studies: int) -> Iterator[Rate]:
    """One variant at the margin, by its mean and by its median; either sign by turns."""
    for number, (noise, seeds) in enumerate(product(NOISES, (5, 10, 20))):
        random = np.random.default_rng([6, number])
        scales, margin = np.array(SCALES[:1]), 9.0
        medians = noise.medians(scales=scales)[:, None]
        by_mean = by_median = 0
        for study in range(studies):
            scores = noise.scores(random, scales=scales, seeds=seeds)
            scores[1] += margin if study % 2 else -margin
            (finding,) = judge(scores, margin=margin)
            by_mean += (finding.p_equivalent_adjusted or 1.0) < 0.05
            (finding,) = judge(scores - medians, method="sign_test", margin=margin)
            by_median += (finding.p_equivalent_adjusted or 1.0) < 0.05
        setting = f"{noise.name}, 1 variant, {seeds} seeds"
        yield Rate(EQUIVALENT_MEDIAN, setting, by_median / studies)
        yield Rate(EQUIVALENT_MEAN, setting, by_mean / studies)


def rare_collapse(studies: int) -> Iterator[Rate]:
    """A variant better by 2 standard deviations but for rare collapses, which make means equal."""
    for number, (rate, seeds) in enumerate(product((0.05, 0.1, 0.2), (3, 5, 10, 20))):
        random = np.random.default_rng([7, number])
        better = 0
        for _ in range(studies):
            scores = random.normal(size=(2, seeds))
            scores[1] += np.where(random.random(seeds) < rate, 2 - 2 / rate, 2.0)
            better += judge(scores)[0].verdict == "better"
        yield Rate(RARE, f"collapse in {rate:.0%} of runs, {seeds} seeds", better / studies)


def in_documents(studies: int) -> Iterator[Rate]:
    """New seeds and new documents of ten sentences; the joint interval must cover the true 0.

    A sentence's part has the correlation .3 with another one's of its document; a seed's part is a
    tenth or half of the variance of a run's score.
    """
    documents, size, correlation = 20, 10, 0.3
    names = [str(number) for number in np.repeat(np.arange(documents), size)]
    for number, (seeds, share) in enumerate(product((3, 5, 10, 20), (0.1, 0.5))):
        random = np.random.default_rng([8, number])
        of_mean = (correlation + (1 - correlation) / size) / documents  # the sentences' variance
        covered = dict.fromkeys((CLUSTERED, UNCLUSTERED), 0)
        for _ in range(studies):
            parts = random.normal(scale=correlation**0.5, size=(documents, 1))
            parts = parts + random.normal(scale=(1 - correlation) ** 0.5, size=(documents, size))
            of_seed = random.normal(scale=(of_mean * share / (1 - share)) ** 0.5, size=(seeds, 1))
            of_both = random.normal(scale=0.5, size=(seeds, documents * size))
            baseline = random.normal(size=(seeds, 1)) + np.zeros(documents * size)
            sides = [baseline, baseline + of_seed + parts.reshape(1, -1) + of_both]
            means = np.array([side.mean(axis=1) for side in sides])
            influence = [side - side.mean(axis=1, keepdims=True) for side in sides]
            for event, given in ((CLUSTERED, names), (UNCLUSTERED, ())):
                (finding,) = judge(means, sentences=influence, documents=given)
                covered[event] += (finding.combined_low or 0) < 0 < (finding.combined_high or 0)
        for event, count in covered.items():
            yield Rate(event, f"{seeds} seeds, {share:.0%} of the variance", count / studies)


def powers(studies: int) -> Iterator[Rate]:
    """The price of assuming nothing, under normal noise; exact, so `studies` plays no part."""
    for seeds, effect in product((5, 6, 8, 10, 15, 20), (1.0, 1.5, 2.0)):
        setting = f"{seeds} seeds, effect of {effect:g} sd of the differences"
        yield Rate(POWER_T, setting, power(effect, n=seeds))
        yield Rate(POWER_SIGN, setting, sign_power(effect, n=seeds))


SIMULATIONS = (skewed, at_the_margin, rare_collapse, in_documents, powers)


def table(rates: Sequence[Rate], *, studies: int) -> str:
    """The rates as Markdown tables, one per event."""
    lines = [
        "# Verdicts under noise that is not symmetric, and sentences in documents",
        "",
        f"`python benchmarks/other_noise.py {studies}`: {studies:,} simulated studies per setting,",
        "each judged by the same code as real ones. Variants' noise is 3 to 0.5 times as wide as",
        "the baseline's. No test of means keeps 5% where noise is skewed, and these tables show by",
        "how much; the sign test keeps it for its own question, the median difference.",
    ]
    for event, bounds in BOUNDS.items():
        rows = [rate for rate in rates if rate.event == event]
        title = event
        if bounds:
            least, most = bounds
            title += f": at least {least:.1%}" if least else f": at most {most:.1%}"
        lines += ["", f"## {title}", "", "| setting | share |", "| --- | ---: |"]
        lines += [f"| {rate.setting} | {rate.share:.1%}{_mark(rate)} |" for rate in rows]
    return "\n".join(lines) + "\n"


def _mark(rate: Rate) -> str:
    return "" if rate.within_bounds else " **out of bounds**"


def main(studies: int) -> int:
    """Run every simulation and write the tables; return 1 if a rate is out of bounds."""
    rates = []
    for simulation in SIMULATIONS:
        for rate in simulation(studies):
            rates.append(rate)
            print(f"{rate.event}, {rate.setting}: {rate.share:.4f}", flush=True)
    path = Path(__file__).with_suffix(".md")
    path.write_text(table(rates, studies=studies), encoding="utf-8")
    return 0 if all(rate.within_bounds for rate in rates) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))
